// What guests do to the host's disk, and builds that take too long. Boots real guests.
import { assertMatch } from "@std/assert";
import { join } from "@std/path";
import { makeSandbox } from "./support/harness.ts";
import { hostWithout } from "./support/hosts.ts";
import { assertFailure } from "./support/outcome.ts";
import { AMD64 } from "./support/own_snapshots.ts";
import { shellProject, writeProject } from "./support/projects.ts";
import { canMount, withSmallDisk } from "./support/small_disk.ts";

const MIB = 2 ** 20;

Deno.test({
  name: "an overlay that fills the host's disk ends the step with status 3 and the disk's name",
  ignore: !canMount,
  async fn() {
    await using box = await makeSandbox();
    const state = join(box.dir, "state");
    const fill = "yes | head -c 300M >fill; sync; echo done";
    const project = await writeProject(box.dir, "p", shellProject({ fill }));
    const outcome = await box.task("build-vm", [AMD64, "--project", project], {
      wrapper: withSmallDisk(state, 96 * MIB),
    });
    assertFailure(outcome, {
      exit: 3,
      says: [
        `Cannot continue with guest "${AMD64}": a disk of this host is full\n`,
        "  QEMU has paused it, as it cannot write to disk0: No space left on device\n",
        `  file system ${state}: `,
        "  next: deno task gc",
      ],
    });
    await box.assertClean();
  },
});

Deno.test("timeouts.total ends a build that hangs before its first step", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(
    box.dir,
    "p",
    shellProject({ work: "true" }, { timeouts: { total: "20s" } }),
  );
  const PATH = await hostWithout(box, /^rsync$/, {
    rsync: `[ "$1" != --version ] || exec /usr/bin/rsync --version; tail -f '${project}'/*.json`,
  });
  const outcome = await box.task("build-vm", [AMD64, "--project", project], { env: { PATH } });
  // On a busy host the boot takes all of that time.
  assertFailure(outcome, {
    exit: 1,
    says: [`Cannot finish the build on ${AMD64}: it still ran after 20 s, in phase "`],
  });
  assertMatch(outcome.stderr, /in phase "(?:sync|boot)"\n {2}next: set a longer "total"/);
  await box.assertClean();
});
