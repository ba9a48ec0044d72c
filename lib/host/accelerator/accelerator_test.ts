import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { type AcceleratorRequest, probeAccelerator } from "./accelerator.ts";
import { verdictsDir } from "../../base/files/paths.ts";
import { haveProgram, sandbox } from "../../base/host_testing.ts";

const OWN = Deno.build.arch;
const FOREIGN = OWN === "x86_64" ? "aarch64" : "x86_64";
const HYPERVISOR = Deno.build.os === "darwin" ? "hvf" : "kvm";

const request = (changes: Partial<AcceleratorRequest>): AcceleratorRequest => ({
  arch: OWN,
  want: "auto",
  qemuBinary: `qemu-system-${changes.arch ?? OWN}`,
  ...changes,
});

Deno.test("probeAccelerator() emulates foreign guests without a trial", async () => {
  assertEquals(await probeAccelerator(request({ arch: FOREIGN })), {
    accelerator: "tcg",
    reason: `a hypervisor on ${OWN} runs no ${FOREIGN} guests`,
    tried: [],
  });
});

Deno.test("probeAccelerator() takes tcg if that is asked for", async () => {
  const { accelerator, reason } = await probeAccelerator(request({ want: "tcg" }));
  assertEquals([accelerator, reason], ["tcg", "it was asked for"]);
});

Deno.test("probeAccelerator() refuses impossible accelerators, and says why", async () => {
  const other = HYPERVISOR === "kvm" ? "hvf" : "kvm";
  const host = HYPERVISOR === "kvm" ? "Linux has kvm" : "macOS has hvf";
  const error = await assertRejects(
    () => probeAccelerator(request({ want: other })),
    HostError,
    `Cannot use accelerator "${other}" for ${OWN} guests: ${host}`,
  );
  assertEquals(error.exit, 3);
  assertEquals(error.next, "rerun with --accel auto, which then takes tcg (slower)");
  await assertRejects(
    () => probeAccelerator(request({ want: HYPERVISOR, arch: FOREIGN })),
    HostError,
    `Cannot use accelerator "${HYPERVISOR}" for ${FOREIGN} guests: ` +
      `a hypervisor on ${OWN} runs no ${FOREIGN} guests`,
  );
});

Deno.test({
  name: "probeAccelerator() gives a verdict that --accel agrees with",
  ignore: !haveProgram(`qemu-system-${OWN}`),
  async fn() {
    await using _box = await sandbox();
    const { accelerator, reason, tried: [trial] } = await probeAccelerator(request({}));
    assert(trial !== undefined);
    assertEquals(trial.accelerator, HYPERVISOR);
    const wanted = probeAccelerator(request({ want: HYPERVISOR }));
    if (trial.ok) {
      assertEquals([accelerator, reason], [HYPERVISOR, trial.reason]);
      assertEquals((await wanted).accelerator, HYPERVISOR);
    } else {
      assertEquals([accelerator, reason], ["tcg", `${HYPERVISOR}: ${trial.reason}`]);
      await assertRejects(() => wanted, HostError, trial.reason);
    }
  },
});

Deno.test("probeAccelerator() remembers a verdict until something changes", async () => {
  await using box = await sandbox();
  // A QEMU that fails in no time, and counts how often it is asked for a guest.
  const install = (version: string) =>
    box.script(
      "qemu",
      `if [ "$1" = --version ]; then echo "QEMU emulator version ${version}"; exit; fi
echo >>"$(dirname "$0")/trials"
echo "qemu-system-${OWN}: warning: nothing to see" >&2
echo "/x/qemu-system-${OWN}: failed to set MSR 0x10a" >&2
exit 134`,
    );
  const trials = async () =>
    (await Deno.readTextFile(join(box.path, "trials")).catch(() => "")).length;
  const qemuBinary = await install("7.2.0");
  const verdictOf = async (changes: Partial<AcceleratorRequest> = {}) => {
    const { accelerator, reason } = await probeAccelerator(request({ qemuBinary, ...changes }));
    assertEquals([accelerator, reason], ["tcg", `${HYPERVISOR}: failed to set MSR 0x10a`]);
    return await trials();
  };
  assertEquals(await verdictOf(), 1);
  assertEquals(await verdictOf(), 1, "remembered");
  assertEquals(await verdictOf({ fresh: true }), 2);
  assertEquals(await verdictOf({ cpu: "max" }), 3, "another CPU model");
  assertEquals(await verdictOf({ cpu: "max" }), 3);
  await install("10.0.0");
  assertEquals(await verdictOf({ cpu: "max" }), 4, "another QEMU");
  const file = join(verdictsDir(), `accelerator-${OWN}-${HYPERVISOR}.json`);
  await Deno.writeTextFile(file, (await Deno.readTextFile(file)).slice(0, 40));
  assertEquals(await verdictOf({ cpu: "max" }), 5, "a damaged file");
  assertEquals(await verdictOf({ cpu: "max" }), 5);
});

Deno.test("probeAccelerator() does not remember what the user can fix", {
  ignore: HYPERVISOR !== "kvm",
}, async () => {
  await using box = await sandbox({ USER: "somebody" });
  const qemuBinary = await box.script(
    "qemu",
    `if [ "$1" = --version ]; then echo "QEMU emulator version 7.2.0"; exit; fi
echo "qemu-system-x86_64: Could not access KVM kernel module: No such file or directory" >&2
exit 1`,
  );
  const error = await assertRejects(
    () => probeAccelerator(request({ qemuBinary, want: "kvm" })),
    HostError,
    "there is no working /dev/kvm",
  );
  assertEquals(
    error.next,
    "sudo modprobe kvm_intel || sudo modprobe kvm_amd, or rerun with --accel auto, " +
      "which then takes tcg (slower)",
  );
  assertEquals(
    [...Deno.readDirSync(verdictsDir())].map(({ name }) => name).filter((name) =>
      name.startsWith("accelerator")
    ),
    [],
  );
});
