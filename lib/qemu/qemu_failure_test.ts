import { assertEquals, assertStringIncludes } from "@std/assert";
import { $ } from "../base/process/dollar.ts";
import { explainQemuOutput } from "./qemu_failure.ts";

/** Why a real QEMU refuses these arguments. */
async function refusal(args: readonly string[]) {
  const { code, stderr } =
    await $`qemu-system-x86_64 -S -nodefaults -display none -msg timestamp=on ${args}`.with({
      timeoutMs: 60_000,
    }).noThrow();
  assertEquals(code, 1, stderr);
  return { ...explainQemuOutput(stderr.split("\n"), "x"), stderr };
}

const TCG = ["-accel", "tcg"];

const cases: { readonly args: string[]; readonly why: string; readonly next: string }[] = [
  {
    args: [...TCG, "-machine", "nosuch"],
    why: "QEMU does not know the machine of this platform",
    next: "-machine help",
  },
  {
    args: [...TCG, "-machine", "q35", "-cpu", "nosuch"],
    why: 'QEMU does not know the CPU model "nosuch"',
    next: "-cpu help",
  },
  {
    args: [...TCG, "-machine", "q35", "-device", "nosuch"],
    why: 'this QEMU lacks the device "nosuch"',
    next: "deno task check",
  },
  {
    args: [...TCG, "-machine", "q35", "-nosuch"],
    why: "QEMU does not know the option -nosuch",
    next: "deno task check",
  },
  {
    args: [...TCG, "-machine", "q35,nosuch=1"],
    why: "nosuch",
    next: "machine options",
  },
  {
    args: [...TCG, "-machine", "q35", "-kernel", "/nonexistent"],
    why: 'the kernel "/nonexistent" cannot be read',
    next: "deno task setup-images x --force",
  },
  {
    args: [...TCG, "-machine", "q35", "-smp", "9999"],
    why: "it is to have 9999 cores",
    next: "lower the platform's cores",
  },
  {
    args: ["-machine", "q35", "-accel", "nosuch"],
    why: "this QEMU was built without the accelerator nosuch",
    next: "--accel tcg",
  },
  {
    args: [...TCG, "-machine", "q35", "-chardev", "file,id=c,path=/nonexistent/log"],
    why: '"/nonexistent/log" cannot be opened: No such file or directory',
    next: "ls -l /nonexistent/log",
  },
  {
    args: [
      ...[...TCG, "-machine", "q35"],
      ...["-chardev", "socket,id=c,path=/nonexistent/s,server=on,wait=off"],
    ],
    why: 'the socket "/nonexistent/s" cannot be created: No such file or directory',
    next: "ls -l /nonexistent/s",
  },
  {
    args: [...TCG, "-machine", "q35", "-drive", "if=none,id=d,format=qcow2,file=/etc/hostname"],
    why: "its disk image is damaged",
    next: "deno task setup-images x --force",
  },
];

for (const { args, why, next } of cases) {
  Deno.test(`explainQemuOutput() knows QEMU's answer to ${args.slice(-2).join(" ")}`, async () => {
    const failure = await refusal(args);
    assertStringIncludes(failure.why ?? failure.stderr, why);
    assertStringIncludes(failure.next ?? "", next);
  });
}

Deno.test("explainQemuOutput() names a port that is in use", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const { why, next } = await refusal([
    ...[...TCG, "-machine", "q35"],
    ...["-netdev", `user,id=n,hostfwd=tcp:127.0.0.1:${port}-:22`],
  ]);
  assertEquals(why, `port ${port} of this host is already in use`);
  assertEquals(
    next,
    `ss -ltnp 'sport = :${port}' (on macOS lsof -nP -iTCP:${port} -sTCP:LISTEN), ` +
      'or set the platform\'s ssh port to "auto" for a free one',
  );
});

Deno.test("explainQemuOutput() knows the texts that depend on the host", () => {
  // Seen with QEMU 7.2 on other hosts, or taken from its sources.
  const texts: [string, string][] = [
    ["qemu-system-x86_64: error: failed to set MSR 0x10a to 0x8", "KVM does not work on this host"],
    [
      "Could not access KVM kernel module: No such file or directory",
      "KVM does not work on this host",
    ],
    [
      "qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory",
      "this host does not have enough free memory for it",
    ],
    [
      "qemu: error reading initrd /run/initramfs: Failed to open file: No such file or directory",
      'the initramfs "/run/initramfs" cannot be read',
    ],
    [
      "qemu-system-aarch64: could not load initrd '/run/initramfs'",
      'the initramfs "/run/initramfs" cannot be read',
    ],
    ["qemu-system-aarch64: Error: HV_DENIED", "Apple's hypervisor does not work for this QEMU"],
    [
      "qemu-system-aarch64: CPU model 'host' requires KVM or HVF",
      'the CPU model "host" needs a hypervisor',
    ],
  ];
  for (const [text, why] of texts) assertEquals(explainQemuOutput(["", text], "x")?.why, why);
});

Deno.test("explainQemuOutput() leaves unknown text to its caller", () => {
  assertEquals(explainQemuOutput(["qemu-system-x86_64: something new"], "x"), undefined);
});
