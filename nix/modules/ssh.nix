# SSH by key only. The host's tasks reach the guest over it, on a port of the host's loopback.
{ config, ... }:
{
  services.openssh = {
    enable = true;
    # The one kind of key that the host pins.
    hostKeys = [{ type = "ed25519"; path = "/etc/ssh/ssh_host_ed25519_key"; }];
    settings = {
      PasswordAuthentication = false;
      KbdInteractiveAuthentication = false;
      PermitEmptyPasswords = false;
      PermitRootLogin = "no";
      AllowUsers = [ config.armDev.user ];
    };
  };

  # Whatever an sshd may be talked into: an empty password counts on consoles only.
  security.pam.services.sshd.allowNullPassword = false;
}
