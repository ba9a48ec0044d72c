// Runs the real mmdebstrap, and stops it half-way.
import { delay } from "@std/async";
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { makeSandbox, processesNaming, taskPid } from "./support/harness.ts";

async function stages(tmp: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(tmp));
  return entries.map(({ name }) => name).filter((name) =>
    name.startsWith("guesthouse-tmp-rootfs-")
  );
}

async function waitUntil(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await holds()) return;
    await delay(100);
  }
  throw new Error(`never: ${what}`);
}

for (const signal of ["SIGINT", "SIGKILL"] as const) {
  Deno.test(`setup-images can be run again after ${signal} in the middle of it`, async () => {
    await using box = await makeSandbox();
    // Its own: other tests build, too.
    const tmp = join(box.dir, "tmp");
    await Deno.mkdir(tmp);
    const env = { GUESTHOUSE_IMAGES: join(box.dir, "images/dist"), TMPDIR: tmp };
    const first = box.start("setup-images", ["debian-amd64", "--yes"], { env });
    // mmdebstrap's own directory is there once it has begun to work.
    await waitUntil("mmdebstrap works", async () => {
      const [stage] = await stages(tmp);
      if (stage === undefined) return false;
      const inside = await Array.fromAsync(Deno.readDir(join(tmp, stage, "open"))).catch(() => []);
      return inside.some(({ name }) => name.startsWith("mmdebstrap."));
    });
    const [stage = ""] = await stages(tmp);
    Deno.kill(await taskPid(first.pid), signal);
    const outcome = await first.outcome;
    if (signal === "SIGINT") {
      assertEquals(outcome.code, 130, outcome.stderr);
      assertEquals(await stages(tmp), []);
    }
    await waitUntil("mmdebstrap is gone", async () => (await processesNaming(stage)).length === 0);

    // The lock is free, nothing half-made counts as an image, and what was left is cleared away.
    const explained = await box.task("setup-images", ["debian-amd64", "--explain"], { env });
    assertMatch(explained.stdout, /debian-amd64: missing/);
    const again = box.start("setup-images", ["debian-amd64", "--yes"], { env });
    await waitUntil("the old stage is gone", async () => !(await stages(tmp)).includes(stage));
    await waitUntil("the new one is there", async () => (await stages(tmp)).length === 1);
    Deno.kill(await taskPid(again.pid), "SIGINT");
    assertEquals((await again.outcome).code, 130);
    assertEquals(await stages(tmp), []);
    await box.assertClean();
  });
}
