// What tasks do on a Mac, as far as a description of one and stand-ins for its programs show it.
// docs/hosts.md says what of this has never run on a Mac.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { whoHas } from "../lib/dev/ssh_port.ts";
import { guestDisplay } from "../lib/dev/display.ts";
import { nativeCommands } from "../lib/ci/native.ts";
import { loadPlatform } from "../lib/config/platform.ts";
import { haveProgram, sandbox } from "../lib/base/host_testing.ts";
import { systemDirs } from "../lib/base/process/find_program.ts";
import { platformsDir } from "../lib/base/files/paths.ts";
import { probeAccelerator } from "../lib/host/accelerator/accelerator.ts";
import { SIGN_OFF } from "../lib/host/accelerator/probe_assembly.ts";
import { probeImage } from "../lib/host/accelerator/probe_image.ts";
import { seedCommands } from "../lib/image/disk/nocloud_seed.ts";
import { hostFacts } from "../lib/host/facts.ts";
import { findFirmware } from "../lib/host/firmware.ts";
import { missingToolsError } from "../lib/host/tools/ensure_host.ts";
import { type InstallHost, installPlan } from "../lib/host/tools/install.ts";
import { groupsForTask, type ToolNeed } from "../lib/host/tools/tool_table.ts";
import { checkTools, describeVerdict, toolsFor } from "../lib/host/tools/tools.ts";
import { loadProject } from "../lib/project/project.ts";
import { buildDevices } from "../lib/vm/build_machine.ts";
import { guestArgs } from "../lib/vm/machine.ts";

const MAC = { os: "darwin", arch: "aarch64" } as const;
const BREW: InstallHost = {
  ...{ packageManager: "brew", arch: "aarch64", isRoot: false, haveSudo: false },
  haveAptLists: false,
};
const NEED: ToolNeed = {
  ...MAC,
  ...{ distroId: "macos", isRoot: false, guestArchs: ["x86_64", "aarch64"] },
};

/** What a Mac without any tools would be told to install for a task. */
function planFor(task: string) {
  const tools = toolsFor(groupsForTask(task, "darwin"), NEED);
  const verdicts = tools.map((tool) => ({ tool, status: "missing" as const }));
  const plan = installPlan(verdicts, BREW);
  return { plan, error: missingToolsError(verdicts, plan, [task]) };
}

Deno.test("macOS: builds need Xcode's compiler and Homebrew's programs, and nothing else", () => {
  const guests = "brew install e2fsprogs qemu openssh rsync";
  const cases = {
    "build-native": "xcode-select --install && brew install cmake",
    "build-vm": guests,
    "vm-ssh": guests,
    "arm-dev": guests,
    "build-all": "xcode-select --install && brew install cmake e2fsprogs qemu openssh rsync",
  };
  for (const [task, text] of Object.entries(cases)) {
    const { plan } = planFor(task);
    assertEquals([plan.text, plan.unavailable], [text, []], task);
    // It opens a window, which somebody has to answer.
    assertEquals(plan.automatic, !text.includes("xcode-select"), task);
  }
});

Deno.test("macOS: images cannot be built, and the message says where they can", () => {
  const { plan, error } = planFor("setup-images");
  assert(plan.unavailable.includes("mmdebstrap"));
  assertStringIncludes(error.details.join("\n"), "no package for this host is known");
  assertMatch(
    error.next ?? "",
    /^build the images on Debian or Ubuntu .*copy the directory images/,
  );
});

Deno.test("macOS: its own rsync is too old, and Xcode's stand-in for a compiler is none", async () => {
  await using box = await sandbox();
  await box.script(
    "rsync",
    "echo 'openrsync: protocol version 29'; echo 'rsync version 2.6.9 compatible'",
  );
  await box.script("ssh", "echo 'OpenSSH_9.9p2, LibreSSL 3.3.6' >&2");
  await box.script("make", "echo 'GNU Make 3.81'");
  await box.script("c++", "echo 'xcode-select: note: No developer tools were found.' >&2; exit 1");
  const check = async () =>
    Object.fromEntries(
      (await checkTools(["native", "vm"], { host: MAC, searchPath: box.path }))
        .map((verdict) => [verdict.tool.name, verdict]),
    );
  const { rsync, ssh, "c++": compiler } = await check();
  assertEquals(describeVerdict(rsync!), `rsync 2.6.9 is older than 3.2.3 (${box.path}/rsync)`);
  assertEquals(installPlan([rsync!], BREW).text, "brew install rsync");
  assertEquals(ssh!.version, "9.9");
  assertEquals(compiler!.status, "broken");
  assertEquals(installPlan([compiler!], BREW).text, "xcode-select --install");
  await box.script("c++", "echo 'Apple clang version 17.0.0 (clang-1700.0.13.5)'");
  await box.script("rsync", "echo 'rsync  version 3.4.1  protocol version 32'");
  const later = await check();
  assertEquals([later["c++"]!.version, later.rsync!.version], ["17.0.0", "3.4.1"]);
});

Deno.test("macOS: Homebrew's directories are searched, also where it hides mke2fs", () => {
  const dirs = systemDirs("darwin");
  for (const prefix of ["/opt/homebrew", "/usr/local"]) {
    assert(dirs.includes(`${prefix}/bin`) && dirs.includes(`${prefix}/opt/e2fsprogs/sbin`));
  }
});

Deno.test({
  name: "macOS: facts come from sw_vers and sysctl",
  ignore: !haveProgram("setsid"),
  async fn() {
    await using box = await sandbox({ PATH: Deno.env.get("PATH") ?? "" });
    await box.script("sw_vers", `[ "$*" = -productVersion ] && echo 15.1`);
    await box.script(
      "sysctl",
      `[ "$*" = "-n machdep.cpu.brand_string kern.boottime" ] || exit 1
echo "Apple M2"
echo "{ sec = 1718000000, usec = 123456 } Mon Jun 10 08:13:20 2024"`,
    );
    Deno.env.set("PATH", `${box.path}:${Deno.env.get("PATH")}`);
    const { os, arch, distro, distroId, cpuModel, bootId, memoryMiB } = await hostFacts(MAC);
    assertEquals({ os, arch, distro, distroId, cpuModel, bootId }, {
      ...MAC,
      ...{ distro: "macOS 15.1", distroId: "macos", cpuModel: "Apple M2" },
      bootId: "sec = 1718000000",
    });
    assert(memoryMiB > 128);
  },
});

Deno.test("macOS: ARM guests run on HVF if one is seen to run there, others are emulated", async () => {
  await using box = await sandbox();
  const { exitCode } = probeImage("aarch64");
  const qemuBinary = await box.script(
    "qemu-system-aarch64",
    `if [ "$1" = --version ]; then echo "QEMU emulator version 10.1.2"; exit; fi
echo "$*" >"$(dirname "$0")/args"
printf '%s' '${SIGN_OFF}'
exit ${exitCode}`,
  );
  const request = { arch: "aarch64", want: "auto", qemuBinary, host: MAC } as const;
  assertEquals((await probeAccelerator(request)).accelerator, "hvf");
  assertMatch(await Deno.readTextFile(join(box.path, "args")), /^-accel hvf -cpu host /);
  const foreign = await probeAccelerator({ ...request, arch: "x86_64" });
  assertEquals(foreign.reason, "a hypervisor on aarch64 runs no x86_64 guests");
  // As in a virtual machine on a Mac.
  await box.script(
    "qemu-system-aarch64",
    `if [ "$1" = --version ]; then echo "QEMU emulator version 10.1.2"; exit; fi
echo "qemu-system-aarch64: -accel hvf: Error: ret = HV_UNSUPPORTED (0xfae9400f)" >&2; exit 1`,
  );
  const { accelerator, reason } = await probeAccelerator({ ...request, fresh: true });
  assertEquals(accelerator, "tcg");
  assertStringIncludes(reason, "hvf: -accel hvf: Error: ret = HV_UNSUPPORTED");
});

Deno.test("macOS: QEMU's arguments have HVF and the host's processor, and nothing of Linux", async () => {
  const platform = await loadPlatform(platformsDir, "debian-arm64");
  const host = { machine: "virt-10.1", accelerator: "hvf", os: "darwin" } as const;
  const machine = { host, cpu: platform.cpu.hvf, memoryMiB: 2048, cores: 4 };
  const args = guestArgs(
    { ...machine, devices: buildDevices({ transport: "pci", sshPort: 0 }) },
    { disk: "/overlay", socketDir: "/tmp/guesthouse-501/run" },
    { boot: [] },
  );
  assertEquals(args.slice(0, 8), [
    ...["-machine", "virt-10.1", "-accel", "hvf", "-cpu", "host", "-smp", "cpus=4"],
  ]);
  assertEquals(args.filter((word) => /sandbox|memfd|\/dev\/|\/proc\/|tap|vhost/.test(word)), []);
});

Deno.test("macOS: firmware lies in Homebrew's prefix, beside the QEMU that a link leads to", async () => {
  await using box = await sandbox({ PATH: "" });
  const brew = join(await Deno.realPath(box.path), "homebrew");
  const cellar = join(brew, "Cellar/qemu/10.1.2");
  for (const dir of [join(brew, "bin"), join(cellar, "bin"), join(cellar, "share/qemu")]) {
    await Deno.mkdir(dir, { recursive: true });
  }
  for (
    const [arch, files] of Object.entries({
      aarch64: ["edk2-aarch64-code.fd", "edk2-arm-vars.fd"],
      x86_64: ["edk2-x86_64-code.fd", "edk2-i386-vars.fd"],
    })
  ) {
    const program = `qemu-system-${arch}`;
    await Deno.writeTextFile(join(cellar, "bin", program), "", { mode: 0o755 });
    await Deno.symlink(join(cellar, "bin", program), join(brew, "bin", program));
    Deno.env.set("PATH", join(brew, "bin"));
    const [code = "", vars = ""] = files.map((file) => join(cellar, "share/qemu", file));
    assertEquals(await findFirmware(arch as "x86_64", []), undefined);
    for (const path of [code, vars]) await Deno.writeTextFile(path, "");
    assertEquals(await findFirmware(arch as "x86_64", []), { code, vars });
  }
});

Deno.test("macOS: a build on the host takes its own steps, or CMake's", async () => {
  await using box = await sandbox();
  const write = (text: string) => Deno.writeTextFile(join(box.path, "guesthouse.json"), text);
  const commands = async () =>
    nativeCommands(await loadProject(box.path), "darwin").map((words) => words.join(" "));
  await write(
    `{ "steps": { "darwin": [{ "name": "build", "run": ["xcodebuild", "-quiet"] }],
       "linux": [{ "name": "build", "run": ["make"] }] } }`,
  );
  assertEquals((await commands()).at(-1), "xcodebuild -quiet");
  await write("{}");
  await Deno.writeTextFile(join(box.path, "CMakeLists.txt"), "project(x)\n");
  const text = (await commands()).join("\n");
  assertMatch(text, /^cmake -S .* -B /m);
  assert(!text.includes("CMAKE_CXX_COMPILER"), "CMake asks Xcode for its compiler");
});

Deno.test("macOS: hdiutil, which comes with it, makes the disk with a guest's settings", async () => {
  await using box = await sandbox();
  const hdiutil = await box.script("hdiutil", "exit 9");
  const query = { host: MAC, searchPath: box.path };
  const [seed] = await checkTools(["seed"], query);
  // A host with xorriso of its own has that preferred.
  assertEquals(seed?.status, "ok");
  if (!haveProgram("xorriso")) assertEquals(seed?.path, hdiutil);
  assertEquals(seedCommands("hdiutil", "/run/seed.iso", ["/run/files/user-data"]), [[
    ...["hdiutil", "makehybrid", "-iso", "-joliet", "-default-volume-name", "cidata"],
    ...["-o", "/run/seed.iso", "/run/files"],
  ]]);
});

Deno.test("macOS: windows and advice are its own", () => {
  assertEquals(guestDisplay("darwin"), "cocoa");
  assertEquals(whoHas(2222, "darwin"), "lsof -nP -iTCP:2222 -sTCP:LISTEN");
});
