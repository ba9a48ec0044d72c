// Provisions real guests over a real serial port: Debian with the console login of FreeBSD and NetBSD
// and stand-ins for their programs (tests/bsd). The publishers' own disks are not needed.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { GuestError } from "../lib/base/errors.ts";
import { startLogs } from "../lib/base/files/log_files.ts";
import { platformsDir } from "../lib/base/files/paths.ts";
import { loadPlatform } from "../lib/config/platform.ts";
import { imageState, useImage } from "../lib/image/platform/platform_image.ts";
import { NETBSD_LOADER } from "../lib/image/system/netbsd/netbsd_loader.ts";
import { type BsdProvisioning, provisionBsd } from "../lib/image/system/bsd/provision_bsd.ts";
import { changeAtConsole } from "../lib/setup/change_at_console.ts";
import { findGuestHost } from "../lib/vm/host.ts";
import { bootStandIn, bsdStandIn } from "./support/bsd_standin.ts";
import { makeSandbox } from "./support/harness.ts";
import { thorough } from "./support/thorough.ts";

const platform = await loadPlatform(platformsDir, "debian-amd64");
const ignore = Deno.build.arch !== platform.arch ||
  (await imageState(platform)).kind === "missing";

const FREEBSD: BsdProvisioning = {
  ...{ script: "provision/freebsd.sh", user: "ci" },
  packages: ["cmake", "gcc", "libX11", "libXext", "ncurses"],
};
const NETBSD: BsdProvisioning = {
  ...{ script: "provision/netbsd.sh", user: "ci", loader: NETBSD_LOADER },
  packages: ["cmake", "gcc12", "libX11", "libXext", "ncurses"],
};

/** What provisioning a stand-in gave, its steps, and what its log has. */
async function provision(
  provisioning: BsdProvisioning,
  words: readonly string[],
  quietMs?: number,
) {
  await using box = await makeSandbox();
  await using image = await useImage(platform);
  await using logs = await startLogs("bsd");
  const signal = new AbortController().signal;
  const { arch, machine, cpu } = platform;
  const host = await findGuestHost({ arch, machine, cpu: cpu.kvm, accelerator: "auto", signal });
  const to = join(box.dir, "disk.qcow2");
  const steps: string[] = [];
  const outcome = await changeAtConsole({
    ...{ name: "bsd", host, logs, signal, to, from: await bsdStandIn(image) },
    ...{ memoryMiB: 512, cores: 2, cpu: cpu[host.accelerator] },
    boot: () => Promise.resolve(bootStandIn(platform, image.boot!, words)),
  }, (console) => {
    const timeScale = quietMs === undefined ? console.timeScale : quietMs / 900_000;
    return provisionBsd(provisioning, {
      ...{ ...console, timeScale },
      next: "deno task setup-images bsd",
      onStep: (step) => steps.push(step),
    });
  }).catch((error) => error);
  const made = await Deno.stat(to).then(() => true, () => false);
  return { outcome, steps, made, log: await Deno.readTextFile(logs.build) };
}

Deno.test({
  name: "a guest with FreeBSD's login is provisioned over its serial console",
  ignore: ignore || !thorough,
  async fn() {
    const { outcome, steps, made, log } = await provision(FREEBSD, ["standin=freebsd"]);
    assertEquals(outcome, {
      kernelVersion: "14.3-RELEASE",
      packages: ["sudo", "rsync", ...FREEBSD.packages].map((name) => `${name} 1.0`),
    }, `${outcome}\n${log}`);
    assert(made);
    assertEquals(steps, [
      ...["boot", "type the scripts", "set up the console", "set up the network"],
      ...["install packages", "make the user ci", "set up sshd", "list packages", "power off"],
    ]);
    assertStringIncludes(log, "<< root\n");
  },
});

Deno.test({
  name: "a guest with NetBSD's login and boot menu is provisioned over its serial console",
  ignore: ignore || !thorough,
  async fn() {
    const { outcome, made, log } = await provision(NETBSD, ["standin=netbsd", "loader"]);
    assertEquals(outcome, {
      kernelVersion: "10.1",
      packages: ["sudo", "rsync", ...NETBSD.packages].map((name) => `${name}-1.0`),
    }, `${outcome}\n${log}`);
    assert(made);
    assertStringIncludes(log, "<< consdev com0\n");
  },
});

Deno.test({
  name: "a guest whose console imitates prompts is provisioned all the same",
  ignore: ignore || !thorough,
  async fn() {
    for (const fault of ["imitate", "chatty"]) {
      const { outcome, log } = await provision(FREEBSD, ["standin=freebsd", `fault=${fault}`]);
      assertEquals(outcome.kernelVersion, "14.3-RELEASE", `${fault}: ${outcome}\n${log}`);
      // Once, and never a password.
      assertEquals(log.split("<< root\n").length, 2, log);
    }
  },
});

/** What a provisioning that fails says, and that there is no disk then. */
async function refused(provisioning: BsdProvisioning, words: readonly string[], quietMs?: number) {
  const { outcome, made, log } = await provision(provisioning, words, quietMs);
  assert(outcome instanceof GuestError, `${outcome}\n${log}`);
  assertEquals(made, false);
  assertStringIncludes(outcome.next ?? "", "then deno task setup-images bsd");
  return outcome;
}

Deno.test({
  name: "a package mirror that is down fails the step, with the package manager's own words",
  ignore: ignore || !thorough,
  async fn() {
    const error = await refused(FREEBSD, ["standin=freebsd", "fault=mirror"]);
    assertEquals(
      error.message,
      'Cannot install packages in guest "bsd": the script ended with status 1',
    );
    assertStringIncludes(error.details.join("\n"), "Unable to update repository FreeBSD");
  },
});

Deno.test({
  name: "a console that never prompts, or out of order, is named with what was expected",
  ignore,
  async fn() {
    const silent = await refused(FREEBSD, ["standin=freebsd", "fault=silent"], 20_000);
    assertStringIncludes(
      silent.message,
      'Cannot log in as root in guest "bsd": no prompt of root\'s',
    );
    const single = await refused(FREEBSD, ["standin=freebsd", "fault=single"]);
    assertStringIncludes(single.message, "it entered single-user mode instead of booting");
    const order = await refused(FREEBSD, ["standin=freebsd", "fault=order"], 20_000);
    assertStringIncludes(order.details.join("\n"), "| Password:");
  },
});
