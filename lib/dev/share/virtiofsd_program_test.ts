import { assertEquals } from "@std/assert";
import { describeVirtiofsd, virtiofsdCommand } from "./virtiofsd_program.ts";

const options = {
  socketPath: "/run/x/virtiofs",
  dir: "/home/me/a,b\\c",
  readOnly: false,
  guestIds: { uid: 1000, gid: 1001 },
  cellScript: "/lib/cell.sh",
};

const NAMESPACE = ["unshare", "--user", "--map-user=1000", "--map-group=1001"];

Deno.test("describeVirtiofsd() tells QEMU's own daemon from its successor", () => {
  // From QEMU 7.2 and virtiofsd 1.8, 1.14.
  const c = "    -o source=PATH             shared directory tree\n";
  assertEquals(describeVirtiofsd(c), { kind: "c", canReadOnly: false });
  const rust = "      --shared-dir <SHARED_DIR>\n";
  assertEquals(describeVirtiofsd(rust), { kind: "rust", canReadOnly: false });
  const newer = `${rust}      --readonly\n`;
  assertEquals(describeVirtiofsd(newer), { kind: "rust", canReadOnly: true });
  assertEquals(describeVirtiofsd("usage: something else"), undefined);
});

Deno.test("virtiofsdCommand() runs QEMU's daemon as the guest's user, shut into the directory", () => {
  const daemon = { path: "/usr/lib/qemu/virtiofsd", kind: "c", canReadOnly: false } as const;
  assertEquals(virtiofsdCommand(daemon, options), [
    ...[...NAMESPACE, "--keep-caps", "--mount", "--", "sh", "/lib/cell.sh", "/run/x", "rw"],
    ...["/home/me/a,b\\c", "/usr/lib/qemu/virtiofsd", "--socket-path=virtiofs"],
    ...["-f", "-o", "source=/home/me/a\\,b\\\\c"],
    ...["-o", "cache=auto,sandbox=namespace"],
  ]);
});

Deno.test("virtiofsdCommand() gives QEMU's daemon a directory that it cannot write", () => {
  const daemon = { path: "/usr/lib/qemu/virtiofsd", kind: "c", canReadOnly: false } as const;
  const command = virtiofsdCommand(daemon, { ...options, readOnly: true });
  assertEquals(command.slice(7, 12), [
    ...["sh", "/lib/cell.sh", "/run/x", "ro", "/home/me/a,b\\c"],
  ]);
});

Deno.test("virtiofsdCommand() asks a newer daemon to refuse writing", () => {
  const daemon = { path: "/usr/libexec/virtiofsd", kind: "rust", canReadOnly: true } as const;
  assertEquals(virtiofsdCommand(daemon, { ...options, readOnly: true }), [
    ...[...NAMESPACE, "--", "/usr/libexec/virtiofsd", "--socket-path=/run/x/virtiofs"],
    ...["--shared-dir", "/home/me/a,b\\c", "--cache=auto", "--sandbox=namespace", "--readonly"],
  ]);
});

Deno.test("virtiofsdCommand() confines a daemon that cannot refuse writes", () => {
  const daemon = { path: "/usr/libexec/virtiofsd", kind: "rust", canReadOnly: false } as const;
  const locked = virtiofsdCommand(daemon, { ...options, readOnly: true });
  assertEquals(locked.slice(7, 11), ["sh", "/lib/cell.sh", "/run/x", "ro"]);
  assertEquals(locked.includes("--socket-path=virtiofs"), true);
  assertEquals(virtiofsdCommand(daemon, options).includes("sh"), false);
});
