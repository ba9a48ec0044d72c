import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { recipeKey } from "../store/recipe.ts";
import { HostError } from "../base/errors.ts";
import { processStartTime } from "../base/process/start_time.ts";
import { startSleep } from "../base/process/process_testing.ts";
import { sandbox } from "../base/host_testing.ts";
import { changeQuietly } from "../image/platform/image_testing.ts";
import { createRun, writeRecord } from "../guest/runs.ts";
import { commitSnapshot, dropSnapshot, findSnapshot, snapshotDir } from "./snapshots.ts";

const recipe = await recipeKey([{ name: "memory", value: 512 }, { name: "image", value: "a" }]);
const FACTS = { platform: "p", imageDir: "/image", memoryMiB: 512, cores: 1 };

/** A snapshot of made-up files in a place of its own. */
async function setUp() {
  const box = await sandbox();
  const home = join(box.path, "snapshots");
  Deno.env.set("GUESTHOUSE_SNAPSHOTS", home);
  const save = async () => {
    const staging = join(home, "p", ".staging-x");
    await Deno.mkdir(staging, { recursive: true });
    const memory = new Uint8Array(3 << 20);
    memory.set([1, 2, 3], 1 << 20);
    await Deno.writeFile(join(staging, "memory"), memory);
    await Deno.writeTextFile(join(staging, "state"), "state");
    await Deno.writeTextFile(join(staging, "disk.qcow2"), "disk");
    await commitSnapshot(staging, recipe, FACTS);
  };
  return {
    dir: snapshotDir("p", recipe.key),
    save,
    async [Symbol.asyncDispose]() {
      Deno.env.delete("GUESTHOUSE_SNAPSHOTS");
      await box[Symbol.asyncDispose]();
    },
  };
}

/** What `findSnapshot()` says, in one word or the reason. */
async function look(): Promise<string> {
  const found = await findSnapshot("p", recipe);
  if (found.kind !== "found") return found.kind === "none" ? found.reasons.join() : found.reason;
  await found.snapshot[Symbol.asyncDispose]();
  return "found";
}

Deno.test("findSnapshot() accepts a saved snapshot, also after it was copied or touched", async () => {
  await using box = await setUp();
  assertEquals(await look(), "there is none yet");
  await box.save();
  assertEquals(await look(), "found");
  await Deno.writeFile(join(box.dir, "memory"), await Deno.readFile(join(box.dir, "memory")));
  assertEquals(await look(), "found");
});

async function editJson(path: string, facts: Record<string, unknown>): Promise<void> {
  const record = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...record, ...facts }));
}

Deno.test("findSnapshot() names every kind of damage, and removes the snapshot", async () => {
  await using box = await setUp();
  const flip = async (path: string, at: number) => {
    const bytes = await Deno.readFile(path);
    bytes[at]! ^= 1;
    await Deno.writeFile(path, bytes);
  };
  const cases: [name: string, damage: (path: string) => Promise<void>, says: RegExp][] = [
    [
      "memory",
      (path) => Deno.truncate(path, 1 << 20),
      /^memory has 1048576 bytes, not the 3145728/,
    ],
    ["memory", (path) => flip(path, (1 << 20) + 2), /^memory is damaged/],
    ["memory", (path) => flip(path, 5), /^memory is damaged/],
    ["state", (path) => flip(path, 0), /^state is damaged/],
    ["disk.qcow2", (path) => Deno.remove(path), /^disk\.qcow2 is missing/],
    ["snapshot.json", (path) => Deno.truncate(path, 10), /^snapshot\.json is missing or damaged/],
    ["snapshot.json", (path) => Deno.remove(path), /^snapshot\.json is missing or damaged/],
    ...[{ imageDir: null }, { cores: "1" }, { files: null }, { files: { memory: {} } }].map(
      (facts): typeof cases[number] => [
        "snapshot.json",
        (path) => editJson(path, facts),
        /^snapshot\.json is missing or damaged/,
      ],
    ),
    ["state", (path) => changeQuietly(path, "STATE"), /^state is damaged/],
    ["snapshot.hash", (path) => flip(path, 3), /^snapshot\.hash is damaged/],
    ["snapshot.hash", (path) => Deno.remove(path), /^there is none yet/],
  ];
  for (const [name, damage, says] of cases) {
    await box.save();
    await damage(join(box.dir, name));
    assertMatch(await look(), says);
    assertMatch(await look(), /^there is none yet/, name);
  }
});

Deno.test("findSnapshot() says which input prevents the nearest snapshot from being used", async () => {
  await using box = await setUp();
  await box.save();
  const other = await recipeKey([{ name: "memory", value: 1024 }, { name: "image", value: "a" }]);
  assertEquals(await findSnapshot("p", other), { kind: "none", reasons: ["memory changed"] });
});

Deno.test("dropSnapshot() leaves one that is in use", async () => {
  await using box = await setUp();
  await box.save();
  const found = await findSnapshot("p", recipe);
  assertEquals(found.kind, "found");
  assertEquals(await dropSnapshot(box.dir), false);
  if (found.kind === "found") await found.snapshot[Symbol.asyncDispose]();
  assertEquals(await dropSnapshot(box.dir), true);
  assertEquals(await look(), "there is none yet");
});

Deno.test("a damaged snapshot from which a guest runs stays, and no other takes its place", async () => {
  await using box = await setUp();
  await using _state = await sandbox();
  await box.save();
  await using qemu = startSleep();
  await using guest = await createRun("p");
  await writeRecord({
    ...{
      id: guest.id,
      platform: "p",
      pid: qemu.pid,
      sshPort: 2222,
      user: "ci",
      imageDir: "/image",
    },
    startTime: await processStartTime(qemu.pid) ?? "",
    ...{ backing: join(box.dir, "disk.qcow2"), accelerator: "tcg", memoryMiB: 512, cores: 1 },
    ...{ kept: true, started: "2026-11-01T10:00:00.000Z", console: "/console.log" },
  });
  await Deno.writeTextFile(join(box.dir, "state"), "STATE");
  const found = await findSnapshot("p", recipe);
  assertEquals([found.kind, "removed" in found && found.removed], ["damaged", false]);
  await assertRejects(() => box.save(), HostError, "a damaged one is in use");
  assertEquals(await Deno.readTextFile(join(box.dir, "state")), "STATE");
});
