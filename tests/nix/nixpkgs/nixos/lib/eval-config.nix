# Stands in for the file of this name in nixpkgs: merges modules as the module system does, without
# NixOS's own modules. What a module sets is then all that the config has, and can be looked at.
{ modules, system ? null }:
let
  inherit (builtins) all attrNames concatMap elem filter head isAttrs isFunction isList isPath zipAttrsWith;

  lib = import ./lib.nix;

  args = {
    inherit config lib options;
    pkgs = {
      git = "/nix/store/git";
      rsync = "/nix/store/rsync";
    };
    modulesPath = toString ../modules;
  };

  load = module:
    let
      value = if isPath module || builtins.isString module then import module else module;
      set = if isFunction value then value args else value;
    in
    [ set ] ++ concatMap load (set.imports or [ ]);

  loaded = concatMap load modules;
  options = zipAttrsWith (_: merge) (map (module: module.options or { }) loaded);
  definitions = map (module: module.config or (removeAttrs module [ "imports" "options" ])) loaded;

  config = checked options (merge ([ (defaultsOf options) ] ++ definitions ++ [ build ]));

  build.system.build = {
    toplevel = "toplevel of ${config.networking.hostName}";
    vm = "vm of ${config.networking.hostName}";
    sdImage = "image of ${config.networking.hostName}";
  };

  isOption = value: value._type or null == "option";

  # A default yields to every definition, as in the module system (`lib.mkOptionDefault`).
  defaultsOf = builtins.mapAttrs (_: option:
    if isOption option
    then { _type = "override"; priority = 1500; content = option.default; }
    else defaultsOf option);

  checked = declared: value: builtins.mapAttrs
    (name: item:
      if ! declared ? ${name} then item
      else if isOption declared.${name} then
        if declared.${name}.type.check item then item
        else throw "A definition for option `${name}' is not of type `${declared.${name}.type.description}'"
      else
        let unknown = filter (key: ! declared.${name} ? ${key}) (attrNames item); in
        if unknown == [ ] then checked declared.${name} item
        else throw "The option `${name}.${head unknown}' does not exist")
    value;

  # All definitions of one place in the tree, lowest number first in line.
  expand = value:
    if ! isAttrs value then [{ priority = 100; inherit value; }]
    else if value._type or null == "if" then (if value.condition then expand value.content else [ ])
    else if value._type or null == "override"
    then map (inner: inner // { inherit (value) priority; }) (expand value.content)
    else [{ priority = 100; inherit value; }];

  merge = values:
    let
      found = concatMap expand values;
      best = builtins.foldl' (least: { priority, ... }: if priority < least then priority else least) 9999 found;
      kept = map ({ value, ... }: value) (filter ({ priority, ... }: priority == best) found);
      mergeable = value: isAttrs value && ! isOption value;
    in
    # Every definition was taken away by a condition. To drop the name instead, the config's names
      # would depend on its values.
    if kept == [ ] then null
    else if all mergeable kept then zipAttrsWith (_: merge) (map ({ value, ... }: value) (filter ({ value, ... }: mergeable value) found))
    else if all isList kept then builtins.concatLists kept
    else if all (value: elem value [ (head kept) ]) kept then head kept
    else throw "The option has conflicting definition values";
in
{
  inherit config options system;
}
