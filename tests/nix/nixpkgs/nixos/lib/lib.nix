# The part of nixpkgs' lib that the configuration takes, with the same meaning.
let
  inherit (builtins) all elem filter isBool isInt isList isString match;
  override = priority: content: { _type = "override"; inherit priority content; };
in
rec {
  mkOption = option: option // { _type = "option"; };
  mkIf = condition: content: { _type = "if"; inherit condition content; };
  mkDefault = override 1000;
  mkForce = override 50;
  optional = condition: item: if condition then [ item ] else [ ];
  subtractLists = taken: filter (item: ! elem item taken);

  types = {
    str = { description = "string"; check = isString; };
    bool = { description = "boolean"; check = isBool; };
    strMatching = pattern: {
      description = "string matching the pattern ${pattern}";
      check = value: isString value && match pattern value != null;
    };
    enum = values: { description = "one of the values"; check = value: elem value values; };
    listOf = type: {
      description = "list of ${type.description}";
      check = value: isList value && all type.check value;
    };
    nullOr = type: {
      description = "null or ${type.description}";
      check = value: value == null || type.check value;
    };
    ints.positive = { description = "positive integer"; check = value: isInt value && value > 0; };
  };

  nixosSystem = import ./eval-config.nix;
}
