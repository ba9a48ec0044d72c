// A NixOS guest from download to update, with a stand-in for NixOS itself, which only its build
// farm
// has: a Debian root in the SD image's layout, whose nixos-rebuild keeps generations of /etc/nixos.
// u-boot, the boot menu, the serial console, the seed disk, SSH and the watchdog are real.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { copy } from "@std/fs";
import { join } from "@std/path";
import sources from "../configs/nixos.ts";
import { PROJECT_NIX } from "../lib/dev/flavour/nixos/local_file.ts";
import { freePort } from "./support/environment.ts";
import { makeSandbox } from "./support/harness.ts";
import { makeStandIn, serveFarm } from "./support/nixos_standin.ts";
import { assertFailure, documentOf } from "./support/outcome.ts";
import { chain } from "./support/steps.ts";

/** Two starts of an emulated guest, beside another one. */
const INIT_MS = 1_800_000;
const UPDATE = ["--verbose"];
/** For an update that nobody will be able to confirm. */
const IN_VAIN = [...UPDATE, "--confirm-seconds", "20"];

Deno.test("a NixOS guest, from its SD image to an update that is rolled back", async (t) => {
  await using box = await makeSandbox();
  const farmDir = join(box.dir, "farm");
  await Deno.mkdir(farmDir);
  const image = await makeStandIn(farmDir);
  const { size } = await Deno.stat(image);
  await using farm = await serveFarm(sources.image.job, image);
  const nix = join(box.dir, "nix");
  await copy(PROJECT_NIX, nix);
  const env = {
    GUESTHOUSE_NIX: nix,
    GUESTHOUSE_NIXOS_FARM: farm.url,
    GUESTHOUSE_IMAGES: join(box.dir, "images/dist"),
  };
  const task = (name: string, args: readonly string[] = [], timeoutMs = 900_000) =>
    box.task(name, args, { env, timeoutMs });
  const generation = async () => documentOf(await task("arm-dev-status", ["--json"])).generation;
  const rewrite = async (file: string, change: (text: string) => string) =>
    await Deno.writeTextFile(join(nix, file), change(await Deno.readTextFile(join(nix, file))));
  const step = chain(t);
  await using _cleanup = {
    async [Symbol.asyncDispose]() {
      await task("arm-dev-kill");
    },
  };

  await step("init boots the stock image by u-boot, and has it configure itself", async () => {
    const { code, stderr } = await task(
      "arm-dev-init",
      ["--flavour", "nixos", "--yes", "--verbose", "--disk", "10", "--memory", "1024"],
      INIT_MS,
    );
    assertEquals(code, 0, stderr);
    assertEquals(farm.sent(), size);
    const pins = JSON.parse(await Deno.readTextFile(join(box.dir, "state/nixos-pins.json")));
    assertEquals(pins["sd-image"].bytes, size);
    assertMatch(await Deno.readTextFile(join(nix, "flake.lock")), /"version":7/);
    for (const done of ["install the host key", "copy the configuration", "build the system"]) {
      assertStringIncludes(stderr, done);
    }
    await box.assertClean();
  });

  await step("it starts, and runs the first generation of this host's configuration", async () => {
    const start = ["--project", nix, "--ssh-port", String(freePort()), "--share", "rsync"];
    const { code, stderr } = await task("arm-dev", [...start, "--memory", "1024"]);
    assertEquals(code, 0, stderr);
    assertEquals(await generation(), "1");
    const { stdout } = await task("arm-dev-ssh", ["--plain", "--", "hostname"]);
    assertEquals(stdout, "armdev\n");
  });

  await step("an update is a new generation, without a restart", async () => {
    await rewrite("modules/base.nix", (text) => `# Changed.\n${text}`);
    const { code, stderr } = await task("arm-dev-update", UPDATE);
    assertEquals(code, 0, stderr);
    assertMatch(stderr, /Guest "armdev" is updated\n/);
    assertEquals(await generation(), "2");
  });

  await step("a typo is shown with its file and line, and changes nothing", async () => {
    await rewrite("modules/ssh.nix", (text) => `# stand-in: refuse\n${text}`);
    assertFailure(await task("arm-dev-update", UPDATE), {
      exit: 1,
      says: [
        `Cannot update guest "armdev": ${nix}/modules/ssh.nix:3:5: syntax error`,
        "nothing has changed in the guest",
        `next: edit ${nix}/modules/ssh.nix:3:5`,
      ],
    });
    assertEquals(await generation(), "2");
  });

  await step("an update that breaks sshd is taken back", async () => {
    await rewrite("modules/ssh.nix", (text) =>
      text.replace("# stand-in: refuse\n", "")
        .replace("enable = true;", "enable = false; # sshd"));
    assertFailure(await task("arm-dev-update", IN_VAIN), {
      exit: 1,
      says: [
        'Cannot update guest "armdev": nobody can log in with the new configuration',
        "the guest waited 20 s for a login, and is back at its previous configuration",
      ],
    });
    const { code } = await task("arm-dev-ssh", ["--plain", "--", "true"]);
    assertEquals([code, await generation()], [0, "2"]);
  });

  await step("it shuts down, and starts with the generation that was kept", async () => {
    assertEquals((await task("arm-dev-shutdown")).code, 0);
    await box.assertClean();
  });

  // The stand-in's kernel has no 9p: what NixOS's mounts is seen in the Debian flavour.
  await step("a start that cannot mount the project says so, and leaves no guest", async () => {
    const start = ["--project", nix, "--ssh-port", String(freePort()), "--share", "9p"];
    assertFailure(await task("arm-dev", [...start, "--memory", "1024"]), {
      exit: 4,
      says: [
        'Cannot mount the project at "/hello-cmake" in guest "armdev"',
        "unknown filesystem type",
      ],
    });
    await box.assertClean();
  });
});
