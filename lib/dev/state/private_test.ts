import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { logIn } from "../connect_dev.ts";
import { devDir, devFile, devGuestsDir } from "./dev_paths.ts";
import { closeDevDir, makePrivateDir } from "./private.ts";
import { settleState } from "./state.ts";
import { CONFIG, devSandbox, recordOf } from "../dev_testing.ts";

const { name } = CONFIG;

const modeOf = async (path: string) => (await Deno.stat(path)).mode! & 0o777;

Deno.test("closeDevDir() closes what an earlier version left open, and accepts a missing directory", async () => {
  await using _box = await devSandbox();
  await closeDevDir(name);
  const backup = join(devDir(name), "sync-backup");
  await Deno.mkdir(backup, { recursive: true, mode: 0o755 });
  for (const dir of [devGuestsDir(), devDir(name), backup]) await Deno.chmod(dir, 0o755);
  const files = ["disk", "seeded", "consoleLog", "sshLog", "knownHosts"] as const;
  for (const file of files) await Deno.writeTextFile(devFile(name, file), "", { mode: 0o644 });
  // The project's own: whether it may be run is part of it.
  await Deno.writeTextFile(join(backup, "run"), "", { mode: 0o755 });
  await settleState(name, () => {});
  for (const dir of [devGuestsDir(), devDir(name), backup]) assertEquals(await modeOf(dir), 0o700);
  for (const file of files) assertEquals(await modeOf(devFile(name, file)), 0o600);
  assertEquals(await modeOf(join(backup, "run")), 0o755);
});

Deno.test("a guest's directory is private from the start, whichever task makes it", async () => {
  const makers: (() => Promise<unknown>)[] = [
    () => makePrivateDir(devDir(name)),
    () => recordOf(1),
    async () => {
      const guest = { ...await recordOf(1), name };
      await Deno.remove(devDir(name), { recursive: true });
      const keys = { clientKey: "/k", clientPublic: "c", hostSecret: "s", hostPublic: "h" };
      await logIn({ ...guest, sshPort: 1 }, keys, { deadlineMs: 1 }).catch(() => {});
    },
  ];
  for (const make of makers) {
    await using _box = await devSandbox();
    await make();
    assertEquals([await modeOf(devDir(name)), await modeOf(dirname(devDir(name)))], [0o700, 0o700]);
  }
});
