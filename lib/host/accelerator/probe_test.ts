import { delay } from "@std/async";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../../base/process/dollar.ts";
import { HostError, InterruptedError } from "../../base/errors.ts";
import { verdictsDir } from "../../base/files/paths.ts";
import { assemble } from "./probe_assembly.ts";
import type { Arch } from "../../config/archs.ts";
import { runProbe } from "./probe.ts";
import { probeImage } from "./probe_image.ts";
import { haveProgram, sandbox } from "../../base/host_testing.ts";

const emulate = (arch: Arch) =>
  ({ arch, accelerator: "tcg", cpu: "max", qemuBinary: `qemu-system-${arch}` }) as const;

/** The probe's own guest with other code where it starts. */
function altered(arch: Arch, offset: number, listing: string) {
  const image = probeImage(arch);
  image.bytes.set(assemble(listing), offset);
  return image;
}

for (const arch of ["x86_64", "aarch64"] as const) {
  Deno.test({
    name: `runProbe() gets the sign of a ${arch} guest that QEMU emulates`,
    ignore: !haveProgram(`qemu-system-${arch}`),
    async fn() {
      await using _box = await sandbox();
      const trial = await runProbe(emulate(arch));
      assertEquals(trial.reason, "a guest ran 64-bit code with paging");
      assert(trial.ok);
      assertEquals([...Deno.readDirSync(verdictsDir())], [], "the image is gone");
    },
  });
}

const ignore = !haveProgram("qemu-system-x86_64");

Deno.test({
  name: "runProbe() gives up on a guest that hangs, and says how far it got",
  ignore,
  async fn() {
    await using _box = await sandbox();
    const hangs: [number, string][] = [
      [0xfff0, "no sign of a guest within 2 s"],
      [0xf100, "a guest starts, but no 64-bit code with paging ran within 2 s"],
      [
        0xf215,
        "a guest starts 64-bit code with paging, but does not end it within 2 s " +
        "(emulation takes 0.1 s)",
      ],
    ];
    const trials = await Promise.all(hangs.map(([offset]) =>
      runProbe({
        ...emulate("x86_64"),
        image: altered("x86_64", offset, "F4 ; hlt\n EB FD ; jmp, back to it"),
      })
    ));
    assertEquals(
      trials.map(({ ok, reason }) => [ok, reason]),
      hangs.map(([, reason]) => [false, reason]),
    );
    assertEquals([...Deno.readDirSync(verdictsDir())], []);
  },
});

Deno.test({
  name: "runProbe() does not accept the right exit code without the message",
  ignore,
  async fn() {
    await using _box = await sandbox();
    // Real mode: mov al, 61; out 0xf4, al.
    const image = altered("x86_64", 0xf000, "B0 3D E6 F4");
    const { ok, reason } = await runProbe({ ...emulate("x86_64"), image });
    assertEquals(
      [ok, reason],
      [false, "QEMU exited with status 123, without the guest's sign"],
    );
  },
});

Deno.test({
  name: "runProbe() does not accept a power-off without the message",
  ignore: !haveProgram("qemu-system-aarch64"),
  async fn() {
    await using _box = await sandbox();
    // movz x0, 0x8400, lsl 16; movk x0, 8; hvc 0: the image's own end, as its beginning.
    const image = altered("aarch64", 0, "00 80 B0 D2 00 01 80 F2 02 00 00 D4");
    const { ok, reason } = await runProbe({ ...emulate("aarch64"), image });
    assertEquals([ok, reason], [false, "QEMU exited with status 0, without the guest's sign"]);
  },
});

Deno.test({
  name: "runProbe() passes QEMU's own complaint on",
  ignore: !haveProgram("qemu-system-aarch64") || Deno.build.arch === "aarch64",
  async fn() {
    await using _box = await sandbox();
    const foreign = await runProbe({ ...emulate("aarch64"), accelerator: "kvm", cpu: "host" });
    assertEquals([foreign.ok, foreign.reason], [false, "-accel kvm: invalid accelerator kvm"]);
    const cpu = await runProbe({ ...emulate("aarch64"), cpu: "no-such-cpu" });
    assertMatch(cpu.reason, /no-such-cpu/);
    assertEquals(cpu.ok, false);
  },
});

Deno.test({
  name: "runProbe() says who may not use /dev/kvm, and what helps",
  ignore: ignore || Deno.uid() !== 0 || !haveProgram("setpriv") || !await isForFew("/dev/kvm"),
  async fn() {
    await using box = await sandbox({ USER: "somebody" });
    const qemuBinary = await box.script(
      "qemu-system-x86_64-as-nobody",
      'exec setpriv --reuid=65534 --regid=65534 --clear-groups qemu-system-x86_64 "$@"',
    );
    const trial = await runProbe({
      ...emulate("x86_64"),
      qemuBinary,
      accelerator: "kvm",
      cpu: "host",
    });
    assertEquals(trial.reason, '/dev/kvm is not writable by user "somebody"');
    assertEquals(trial.next, "sudo usermod -aG kvm somebody && newgrp kvm");
    assertEquals(trial.passing, true);
  },
});

Deno.test("runProbe() stops when aborted, and leaves nothing", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pid");
  const qemuBinary = await box.script("qemu", `echo $$ >"$(dirname "$0")/pid"; exec sleep 60`);
  const controller = new AbortController();
  const probe = runProbe({ ...emulate("x86_64"), qemuBinary, signal: controller.signal });
  const pid = await waitForText(pidFile);
  controller.abort(new InterruptedError("Interrupted by SIGINT"));
  await assertRejects(() => probe, InterruptedError, "Interrupted by SIGINT");
  assertEquals([...Deno.readDirSync(verdictsDir())], []);
  assertEquals(await $`kill -0 ${pid}`.code(), 1);
});

Deno.test("runProbe() removes what a killed probe left, and no other's image", async () => {
  await using box = await sandbox();
  await Deno.mkdir(verdictsDir(), { recursive: true });
  const [old, young] = ["probe-old", "probe-young"].map((name) => join(verdictsDir(), name));
  await Deno.writeTextFile(old!, "");
  await Deno.writeTextFile(young!, "");
  await Deno.utime(old!, new Date(0), new Date(0));
  await runProbe({ ...emulate("x86_64"), qemuBinary: await box.script("qemu", "exit 1") });
  assertEquals([...Deno.readDirSync(verdictsDir())].map(({ name }) => name), ["probe-young"]);
});

Deno.test("runProbe() reports a missing QEMU", async () => {
  await using _box = await sandbox();
  await assertRejects(
    () => runProbe({ ...emulate("x86_64"), qemuBinary: "qemu-no-such" }),
    HostError,
    'Cannot run "qemu-no-such": it is not installed',
  );
});

/** Whether the file is there, and its mode gives other users nothing. */
async function isForFew(path: string): Promise<boolean> {
  // Deno itself looks at nothing below /dev without all permissions.
  return (await $`ls -l ${path}`.noThrow().text()).slice(7, 10) === "---";
}

async function waitForText(path: string): Promise<string> {
  while (true) {
    const text = await Deno.readTextFile(path).catch(() => "");
    if (text.endsWith("\n")) return text.trim();
    await delay(10);
  }
}
