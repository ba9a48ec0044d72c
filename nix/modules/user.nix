# The developer. On consoles nobody is asked for a password; by SSH only keys count (ssh.nix).
{ config, lib, ... }:
let
  inherit (config.armDev) user uid gid authorizedKeys;
  # Ids below this belong to the system; a user of macOS has 501, and the group 20.
  firstOrdinary = 1000;
  ownGroup = gid >= firstOrdinary;
in
{
  # The accounts are what is written here, after each update as well.
  users.mutableUsers = false;

  users.groups = lib.mkIf ownGroup { ${user} = { inherit gid; }; };

  users.users.${user} = {
    inherit uid;
    # NixOS refuses a normal user with an id of the system's, so such a one gets by hand what
    # `isNormalUser` brings.
    isNormalUser = uid >= firstOrdinary;
    createHome = true;
    home = "/home/${user}";
    useDefaultShell = true;
    description = "Developer";
    group = if ownGroup then user else "users";
    extraGroups = [ "wheel" ];
    # Empty, not absent: a login without a question on consoles, and none at all elsewhere.
    hashedPassword = "";
    openssh.authorizedKeys.keys = authorizedKeys;
  };

  # An empty password would not do for sudo, and there is no other.
  security.sudo.wheelNeedsPassword = false;

  warnings = lib.optional (authorizedKeys == [ ])
    "armDev.authorizedKeys is empty: nobody can log in by SSH. The arm-dev tasks write it to nix/local.nix.";
}
