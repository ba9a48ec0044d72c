// Hosts that lack something, through `deno task`. Starts no guest: where QEMU would run, a script
// stands in for it, or the task ends before.
import { delay } from "@std/async";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ARCHS } from "../lib/config/archs.ts";
import { loadPlatform } from "../lib/config/platform.ts";
import { hostFacts } from "../lib/host/facts.ts";
import { findFirmware } from "../lib/host/firmware.ts";
import { findProgram } from "../lib/base/process/find_program.ts";
import { platformsDir } from "../lib/base/files/paths.ts";
import { imageState } from "../lib/image/platform/platform_image.ts";
import {
  makeSandbox,
  type RunningTask,
  type Sandbox,
  type TaskOutcome,
} from "./support/harness.ts";
import { assertFailure, assertNoBug, documentOf, killHard } from "./support/outcome.ts";
import { hostWithout, nextCommand } from "./support/hosts.ts";
import { scriptProject } from "./support/script_project.ts";

const isDebianRoot = Deno.uid() === 0 && findProgram("apt-get") !== undefined;

/** Settings under which no image is there. */
const noImages = (box: Sandbox) => ({ GUESTHOUSE_IMAGES: join(box.dir, "images/dist") });

Deno.test("a guest task without the image ends with status 3 and the command that builds it", async () => {
  await using box = await makeSandbox();
  const env = noImages(box);
  const calls = [
    ["build-vm", "debian-amd64"],
    ["build-vm", "debian-arm64", "--keep"],
    ["vm-run", "debian-amd64", "--", "true"],
    ["build-all", "debian-arm64"],
    ["build-all", "--strict"],
  ];
  for (const [task = "", ...args] of calls) {
    const name = args[0]?.startsWith("debian") ? args[0] : "debian-amd64";
    const outcome = await box.task(task, args, { env });
    assertFailure(outcome, {
      exit: 3,
      says: [
        `Cannot start guest "${name}": its image is not set up\n`,
        `  next: deno task setup-images ${name} --yes\n`,
      ],
    });
    assertEquals(outcome.stdout, "");
  }
  await box.assertClean();
});

Deno.test("build-all without images builds on the host and lists the platforms as skipped", async () => {
  await using box = await makeSandbox();
  const args = ["--json", "--artifacts", join(box.dir, "out")];
  const outcome = await box.task("build-all", args, { env: noImages(box) });
  assertEquals(outcome.code, 0, outcome.stderr);
  const { ok, platforms } = documentOf(outcome);
  assertEquals(ok, true);
  assertEquals(
    platforms.map((
      { name, status, exitCode }: Record<string, unknown>,
    ) => [name, status, exitCode]),
    [["native", "pass", 0], ["debian-amd64", "skip", null], ["debian-arm64", "skip", null]],
  );
  assertEquals(platforms[1].error.next, "deno task setup-images debian-amd64 --yes");
  assertStringIncludes(outcome.stderr, "deno task setup-images debian-arm64 --yes");
});

Deno.test({
  name: "without QEMU a guest task ends with status 3 and the one command that installs it",
  ignore: !isDebianRoot,
  async fn() {
    await using box = await makeSandbox();
    const env = { PATH: await hostWithout(box, /^qemu-/) };
    const calls = [
      ["build-vm", "debian-amd64"],
      ["vm-run", "debian-amd64", "--", "true"],
      ["build-all"],
    ];
    for (const [task = "", ...args] of calls) {
      const outcome = await box.task(task, args, { env });
      assertFailure(outcome, {
        exit: 3,
        says: [
          "Cannot continue: this host lacks qemu-img, qemu-system-x86_64",
          "  qemu-img is missing (makes disk images and overlays)\n",
        ],
      });
      assertMatch(outcome.stderr, nextCommand(task));
      assertEquals(outcome.stderr.match(/next: /g)?.length, 1);
    }
    await box.assertClean();
  },
});

Deno.test({
  name: "without a platform's QEMU its image ends with status 3 and the command that installs it",
  ignore: !isDebianRoot,
  async fn() {
    await using box = await makeSandbox();
    const env = { ...noImages(box), PATH: await hostWithout(box, /^qemu-system-aarch64$/) };
    for (const platform of ["freebsd-arm64", "netbsd-arm64"]) {
      const outcome = await box.task("setup-images", [platform], { env });
      assertFailure(outcome, {
        exit: 3,
        says: ["Cannot continue: this host lacks qemu-system-aarch64"],
      });
      assertMatch(outcome.stderr, nextCommand("setup-images"));
    }
    await box.assertClean();
  },
});

Deno.test({
  name: "without UEFI firmware an image that needs it ends with status 3, and downloads nothing",
  ignore: !isDebianRoot || await findFirmware("x86_64") !== undefined,
  async fn() {
    await using box = await makeSandbox();
    const outcome = await box.task("setup-images", ["freebsd-amd64"], { env: noImages(box) });
    assertFailure(outcome, {
      exit: 3,
      says: [
        'Cannot boot guest "freebsd-amd64": there is no UEFI firmware for x86_64',
        "next: install ovmf (apt)",
      ],
    });
  },
});

Deno.test({
  name: "without the tools of images, setup-images ends with status 3 and one command",
  ignore: !isDebianRoot,
  async fn() {
    await using box = await makeSandbox();
    const path = await hostWithout(box, /^(mmdebstrap|arch-test|qemu-img)$/);
    const outcome = await box.task("setup-images", [], { env: { ...noImages(box), PATH: path } });
    assertFailure(outcome, {
      exit: 3,
      says: ["Cannot continue: this host lacks mmdebstrap, arch-test, qemu-img\n"],
    });
    assertMatch(outcome.stderr, nextCommand("setup-images"));
  },
});

Deno.test({
  name: "without a compiler build-native ends with status 3, but only it",
  ignore: !isDebianRoot,
  async fn() {
    await using box = await makeSandbox();
    const path = await hostWithout(box, /^(cmake|ctest|c\+\+.*|g\+\+.*|clang.*|.*-g\+\+.*)$/);
    const outcome = await box.task("build-native", [], { env: { PATH: path } });
    assertFailure(outcome, { exit: 3, says: ["Cannot continue: this host lacks cmake, c++\n"] });
    assertMatch(outcome.stderr, nextCommand("build-native"));
    const json = await box.task("build-native", ["--json"], { env: { PATH: path } });
    const { ok, error } = documentOf(json);
    assertEquals([json.code, ok, error.exit], [3, false, 3]);
    assertEquals((await box.task("vm-list", [], { env: { PATH: path } })).code, 0);
  },
});

Deno.test({
  name: "without QEMU --dry-run prints what would be installed, and installs nothing",
  ignore: !isDebianRoot,
  async fn() {
    await using box = await makeSandbox();
    const path = await hostWithout(box, /^(mmdebstrap|apt-get)$/, {
      "apt-get": `echo called >>'${box.dir}/apt-calls'`,
    });
    const outcome = await box.task("setup-images", ["--dry-run"], {
      env: { ...noImages(box), PATH: path },
    });
    assertEquals(outcome.code, 0, outcome.stderr);
    assertMatch(outcome.stdout, /apt-get .*install -y --no-install-recommends mmdebstrap$/m);
    assertMatch(outcome.stdout, /^mmdebstrap --mode=/m);
    assertEquals(await exists(join(box.dir, "apt-calls")), false);
  },
});

Deno.test("check tells tools that are missing, too old and broken, and agrees with its status", async () => {
  await using box = await makeSandbox();
  const path = await hostWithout(box, /^qemu-/, {
    "qemu-img": "echo 'qemu-img version 6.2.0 (Debian)'",
    "qemu-system-x86_64": "exit 1",
  });
  const outcome = await box.task("check", ["--for", "build-vm", "--json"], { env: { PATH: path } });
  const report = documentOf(outcome);
  assertEquals([outcome.code, report.ok, report.error.exit], [3, false, 3]);
  const verdicts = Object.fromEntries(
    report.tools.map(({ name, status, version }: Record<string, string>) => [
      name,
      [status, version],
    ]),
  );
  assertEquals(verdicts["qemu-img"], ["too old", "6.2.0"]);
  assertEquals(verdicts["qemu-system-x86_64"], ["broken", undefined]);
  assertEquals(verdicts["qemu-system-aarch64"], ["missing", undefined]);
  assertEquals(verdicts.rsync?.[0], "ok");
  assertEquals(report.error.details.length, 3);
  assertMatch(report.error.details.join("\n"), /^qemu-img 6\.2\.0 is older than 7\.2 \(/m);
  const aarch64 = report.guests.find(({ arch }: { arch: string }) => arch === "aarch64");
  assertEquals(aarch64.accelerator, undefined);
  assertNoBug(outcome);
});

Deno.test("check --json describes the host, its tools, guests and remedies", async () => {
  await using box = await makeSandbox();
  const outcome = await box.task("check", ["--json"]);
  const { ok, host, tools, guests, install } = documentOf(outcome);
  assertEquals(outcome.code, ok ? 0 : 3);
  assert(["linux", "darwin"].includes(host.os) && host.arch === Deno.build.arch);
  for (const key of ["cores", "memoryMiB", "freeDiskBytes"]) assert(host[key] > 0, key);
  for (const tool of tools) {
    assert(tool.name !== "" && tool.purpose !== "" && tool.groups.length > 0);
    assertEquals(tool.status === "missing", tool.path === undefined, tool.name);
  }
  for (const { arch, accelerator, reason, tried } of guests) {
    assert(ARCHS.includes(arch));
    assert(["kvm", "hvf", "tcg"].includes(accelerator), `${arch}: ${accelerator}`);
    assert(reason.length > 5, "an accelerator has its reason");
    for (const trial of tried) assertEquals(trial.ok, trial.accelerator === accelerator);
  }
  assertEquals(install.commands.length > 0, !ok && install.unavailable.length === 0);
});

const isLinux = Deno.build.os === "linux";

Deno.test({
  name: "--accel that this host cannot give ends a task with status 3 and the reason",
  ignore: !isLinux,
  async fn() {
    await using box = await makeSandbox();
    const outcome = await box.task("build-vm", ["debian-amd64", "--accel", "hvf", "--dry-run"]);
    assertFailure(outcome, {
      exit: 3,
      says: [
        'Cannot use accelerator "hvf" for x86_64 guests: Linux has kvm\n',
        "  next: rerun with --accel auto, which then takes tcg (slower)\n",
      ],
    });
    const foreign = Deno.build.arch === "x86_64" ? "arm64" : "amd64";
    assertFailure(await box.task("build-vm", [`debian-${foreign}`, "--accel=kvm", "--dry-run"]), {
      exit: 3,
      says: [`: a hypervisor on ${Deno.build.arch} runs no `],
    });
  },
});

const amd64 = await imageState(await loadPlatform(platformsDir, "debian-amd64"));

/** A QEMU that tells its version, and then does this. */
function fakeQemu(body: string): string {
  return `case "$*" in *--version*) echo 'QEMU emulator version 7.2.0'; exit;; esac\n${body}`;
}

/** Runs build-vm with such a QEMU; the image is the checkout's own. */
async function buildWithQemu(
  box: Sandbox,
  body: string,
  args: readonly string[] = [],
): Promise<RunningTask> {
  const PATH = await hostWithout(box, /^$/, { "qemu-system-x86_64": fakeQemu(body) });
  return box.start("build-vm", ["debian-amd64", "--accel", "tcg", ...args], { env: { PATH } });
}

const ignore = amd64.kind === "missing";

Deno.test({
  name: "a guest with more memory than the host has is refused with status 2",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    for (const args of [["build-vm", "debian-amd64"], ["vm-run", "debian-amd64", "--", "true"]]) {
      const [name = "", ...rest] = args;
      assertFailure(await box.task(name, ["--memory", "99999999", ...rest]), {
        exit: 2,
        says: [
          'Cannot give guest "debian-amd64" 99999999 MiB: the host has ',
          "  next: pass a smaller --memory",
        ],
      });
    }
    const { memoryMiB } = await hostFacts();
    const dir = await scriptProject(box, "true", { memory: memoryMiB });
    const outcome = await box.task("build-vm", ["debian-amd64", "--project", dir]);
    assertFailure(outcome, {
      exit: 2,
      says: [`MiB: a project may ask for ${Math.floor(memoryMiB * 0.8)} MiB on this host\n`],
    });
    await box.assertClean();
  },
});

Deno.test({
  name: "QEMU that dies at start gives status 4, its own words and its log",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const body = "echo 'qemu-system-x86_64: the moon is in the wrong phase' >&2; exit 1";
    const outcome = await (await buildWithQemu(box, body)).outcome;
    assertFailure(outcome, {
      exit: 4,
      says: [
        'Cannot start guest "debian-amd64": QEMU exited with status 1\n',
        "  qemu-system-x86_64: the moon is in the wrong phase\n",
        `  next: deno task ci-diagnose ${join(box.dir, "logs/debian-amd64.qemu.log")}\n`,
      ],
    });
    await box.assertClean();
  },
});

Deno.test({
  name: "QEMU that finds no space on the host's disk gives status 3 and names the disk",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const body = "echo 'qemu-system-x86_64: cannot write: No space left on device' >&2; exit 1";
    const outcome = await (await buildWithQemu(box, body)).outcome;
    assertFailure(outcome, {
      exit: 3,
      says: [
        'Cannot start guest "debian-amd64": a disk of this host is full\n',
        "  qemu-system-x86_64: cannot write: No space left on device\n  file system /",
        "  next: deno task gc",
      ],
    });
    await box.assertClean();
  },
});

Deno.test({
  name: "a port that is taken gives status 4 and says how to find who has it",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const body = `echo "qemu-system-x86_64: Could not set up host forwarding rule ` +
      `'tcp:127.0.0.1:2222-:22'" >&2; exit 1`;
    const outcome = await (await buildWithQemu(box, body, ["--ssh-port", "2222"])).outcome;
    assertFailure(outcome, {
      exit: 4,
      says: ["port 2222 of this host is already in use\n", "  next: ss -ltnp 'sport = :2222'"],
    });
    await box.assertClean();
  },
});

for (const how of ["SIGINT", "SIGTERM", "kill -9"]) {
  Deno.test({
    name: `${how} while QEMU hangs at its start leaves nothing`,
    ignore,
    async fn() {
      await using box = await makeSandbox();
      const begun = join(box.dir, "begun");
      // Neither a signal nor the end of its parent ends it.
      const body = `trap '' TERM INT HUP; touch '${begun}'; while :; do sleep 0.2; done`;
      const task = await buildWithQemu(box, body);
      while (!await exists(begun)) {
        assert(!await ended(task), task.output());
        await delay(50);
      }
      if (how === "kill -9") {
        await killHard(task);
        // The next task removes what the killed one could not.
        await box.task("vm-list");
      } else {
        task.signal(how as Deno.Signal);
        assertFailure(await task.outcome, { exit: 130, says: [`Interrupted by ${how}`] });
      }
      await box.assertClean();
    },
  });
}

async function ended(task: RunningTask): Promise<boolean> {
  const notYet = new Promise<void>((resolve) => setTimeout(resolve));
  return await Promise.race([task.outcome, notYet]) !== undefined;
}

/**
 * `apt-get` on a host without QEMU and mmdebstrap: it "installs" links to this host's programs, and
 * an mmdebstrap that fails, so that no image is built.
 */
const APT_GET = `cd "$(dirname "$0")" && echo "$*" >>apt-calls
for word; do
  case $word in
    qemu-utils) ln -s /usr/bin/qemu-img . ;;
    qemu-system-x86) ln -s /usr/bin/qemu-system-x86_64 . ;;
    qemu-system-arm) ln -s /usr/bin/qemu-system-aarch64 . ;;
    qemu-user-static) ln -s /usr/bin/qemu-aarch64-static /usr/bin/qemu-x86_64-static . ;;
    arch-test) ln -s /usr/bin/arch-test . ;;
    mmdebstrap)
      printf '%s\\n' '#!/bin/sh' '[ "$1" != --version ] || { echo mmdebstrap 1.3.5; exit; }' \\
        'echo "E: out of order" >&2; exit 42' >mmdebstrap
      chmod +x mmdebstrap ;;
  esac
done`;

for (const call of [["build-vm", "debian-amd64"], ["build-all", "debian-amd64"]]) {
  Deno.test({
    name: `${call[0]} --yes installs what guests and their images need, then sets them up`,
    ignore: !isDebianRoot || Deno.build.arch !== "x86_64",
    async fn() {
      await using box = await makeSandbox();
      const PATH = await hostWithout(box, /^(qemu-.*|mmdebstrap|arch-test|apt-get)$/, {
        "apt-get": APT_GET,
      });
      const [task = "", ...args] = call;
      const outcome: TaskOutcome = await box.task(task, [...args, "--yes"], {
        env: { ...noImages(box), PATH },
      });
      // The host is ready: what fails is the work itself.
      assertFailure(outcome, {
        exit: 1,
        says: ["mmdebstrap exited with status 42", "E: out of order"],
      });
      const installs = (await Deno.readTextFile(join(PATH, "apt-calls"))).trim().split("\n")
        .filter((line) => line.includes(" install "));
      assertMatch(installs.join(" "), /mmdebstrap/);
      assertMatch(installs.join(" "), /qemu-system-x86/);
      await box.assertClean();
    },
  });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test({
  name: "files that a task of another user left are named, with the command that helps",
  ignore: Deno.uid() !== 0 || findProgram("setpriv") === undefined,
  async fn() {
    // Root, which may do no more than others.
    const wrapper = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
    for (const [task, dir] of [["vm-list", "state/runs"], ["build-native", "logs"]] as const) {
      await using box = await makeSandbox();
      const path = join(box.dir, dir);
      await Deno.mkdir(path, { mode: 0o700 });
      await Deno.chown(path, 54321, 54321);
      assertFailure(await box.task(task, [], { wrapper }), {
        exit: 3,
        says: [
          `${path} belongs to another user (54321)\n`,
          `next: sudo chown -R "$(id -u)" ${join(box.dir, "state")} `,
        ],
      });
    }
  },
});
