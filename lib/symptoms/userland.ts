import { DIAGNOSE, READ_CONSOLE, REBUILD, symptoms, TALKATIVE } from "./symptom.ts";

/** From the root disk's init to the SSH server. */
export const USERLAND = symptoms({ where: ["console"], endsBoot: true }, [
  {
    id: "emergency-mode",
    patterns: [
      /You are in (?<mode>emergency|rescue) mode/,
      /Give root password for maintenance/,
    ],
    says: "You are in emergency mode.",
    role: "consequence",
    title: "it entered {mode|emergency} mode instead of booting",
    cause: "systemd could not reach a target: usually because a disk in /etc/fstab does not exist.",
    fix: [READ_CONSOLE, TALKATIVE],
    next: DIAGNOSE,
  },
  {
    id: "emergency-shell",
    patterns: [/^\(initramfs\) ?$|Entering emergency mode\. Exit the shell to continue/],
    says: "(initramfs)",
    role: "consequence",
    title: "its initramfs gave up and opened a shell",
    cause: "The lines above the prompt show what it waited for.",
    fix: [READ_CONSOLE, REBUILD],
    next: DIAGNOSE,
  },
  {
    id: "single-user",
    patterns: [/Enter full pathname of shell or RETURN for \S+/],
    says: "Enter full pathname of shell or RETURN for /bin/sh",
    role: "consequence",
    title: "it entered single-user mode instead of booting",
    cause: "A start script failed: usually the check of a file system.",
    fix: [READ_CONSOLE],
    next: DIAGNOSE,
  },
  {
    id: "systemd-froze",
    patterns: [
      /\[!!!!!!\] (?<reason>.+), freezing\./,
      /systemd\[1\]: Freezing execution/,
    ],
    says: "[!!!!!!] …, freezing.",
    title: "systemd froze: {reason|see the console}",
    cause: "An essential step failed: mounting a pseudo file system, or allocating memory.",
    fix: [READ_CONSOLE, TALKATIVE],
    next: DIAGNOSE,
  },
  {
    id: "no-host-keys",
    patterns: [/sshd(?:\[\d+\])?: no hostkeys available -- exiting/],
    says: "sshd: no hostkeys available -- exiting.",
    title: "its SSH server has no host key",
    cause: "The initramfs passes the key at each start; it did not reach the root disk.",
    fix: [REBUILD],
  },
  {
    id: "ssh-not-started",
    patterns: [/Failed to start (?<unit>ssh(?:d|@\S*)?\.service.*)/],
    says: "Failed to start ssh.service",
    title: "its SSH server did not start",
    cause: "Its configuration is wrong, or a unit that it needs has failed.",
    fix: [TALKATIVE, READ_CONSOLE],
    next: DIAGNOSE,
  },
  {
    id: "unit-failed",
    patterns: [
      /\[FAILED\] Failed to start (?<unit>\S.*?)\.?$/,
      /systemd\[1\]: Failed to start (?<unit>\S.*?)\.?$/,
    ],
    says: "[FAILED] Failed to start …",
    endsBoot: false,
    role: "hint",
    title: "its unit {unit} failed",
    cause: "This is harmless unless the build, the network or the login needs the unit.",
    fix: [
      "deno task build-vm {guest} --keep",
      "deno task vm-ssh {guest} -- systemctl --failed --no-pager",
    ],
  },
]);
