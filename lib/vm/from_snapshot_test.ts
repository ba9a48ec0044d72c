import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { GuestError, HostError } from "../base/errors.ts";
import { sandbox } from "../base/host_testing.ts";
import { recipeKey } from "../store/recipe.ts";
import { BootFailed, ensureSaved, type SnapshotUser, startFromSnapshot } from "./from_snapshot.ts";

const recipe = await recipeKey([{ name: "memory", value: 512 }]);
const ignore = Deno.build.os !== "linux";

/** A kind of guest whose saves and restores are noted down, and fail as they are told to. */
function makeUser(faults: { save?: unknown[]; restore?: unknown[] } = {}) {
  const calls: string[] = [];
  const notes: string[] = [];
  const abort = new AbortController();
  const fail = (errors: unknown[] = []) => {
    const error = errors.shift();
    if (error !== undefined) throw error;
  };
  const user: SnapshotUser<string> = {
    ...{ name: "p", signal: abort.signal },
    facts: { imageDir: "/image", memoryMiB: 512, cores: 1 },
    onNote: (text, level) => notes.push(`${level}: ${text}`),
    recipe: () => Promise.resolve(recipe),
    async restore(snapshot, start) {
      calls.push(`restore ${start}`);
      fail(faults.restore);
      await snapshot[Symbol.asyncDispose]();
      return "guest";
    },
    async save(dir) {
      calls.push("save");
      fail(faults.save);
      for (const name of ["memory", "state", "disk.qcow2"]) {
        await Deno.writeTextFile(join(dir, name), name);
      }
    },
  };
  return { user, calls, notes, abort };
}

const place = async () => {
  const box = await sandbox();
  Deno.env.set("GUESTHOUSE_SNAPSHOTS", join(box.path, "snapshots"));
  return {
    async [Symbol.asyncDispose]() {
      Deno.env.delete("GUESTHOUSE_SNAPSHOTS");
      await box[Symbol.asyncDispose]();
    },
  };
};

Deno.test(
  "startFromSnapshot() saves once, and starts from that from then on",
  { ignore },
  async () => {
    await using _ = await place();
    const { user, calls, notes } = makeUser();
    assertEquals(await startFromSnapshot(user), "guest");
    assertEquals(await startFromSnapshot(user), "guest");
    assertEquals(calls, ["save", "restore cold", "restore warm"]);
    assertEquals(notes[0], "info: snapshot: none fits (there is none yet)");
    assertMatch(notes[1] ?? "", /^info: snapshot: saved in /);
  },
);

Deno.test("startFromSnapshot() drops a snapshot from which no guest comes, and lets it boot", {
  ignore,
}, async () => {
  await using _ = await place();
  const { user, calls, notes } = makeUser({
    restore: [undefined, new GuestError("no answer", { details: ["QEMU: bad state"] })],
  });
  await startFromSnapshot(user);
  assertEquals(await startFromSnapshot(user), undefined);
  const why = "no answer; QEMU: bad state";
  assertEquals(notes.at(-1), `warning: Cannot start "p" warm, so it boots: ${why}`);
  // What was of no use is not tried again.
  assertEquals(await startFromSnapshot(user), "guest");
  assertEquals(calls.slice(2), ["restore warm", "save", "restore cold"]);
});

Deno.test(
  "startFromSnapshot() boots where saving fails for the host's sake",
  { ignore },
  async () => {
    await using _ = await place();
    for (
      const error of [
        new HostError("no room"),
        new Deno.errors.ConnectionRefused("refused"),
        new Error("No space left on device (os error 28)"),
        new Error("Read-only file system (os error 30)"),
      ]
    ) {
      const { user, calls, notes } = makeUser({ save: [error] });
      assertEquals(await startFromSnapshot(user), undefined);
      assertEquals(calls, ["save"]);
      assertMatch(notes.at(-1) ?? "", /^warning: Cannot start "p" warm, so it boots: /);
    }
  },
);

Deno.test(
  "startFromSnapshot() hides neither a bug nor a boot that any other would fail with as well",
  { ignore },
  async () => {
    await using _ = await place();
    const bug = makeUser({ save: [new TypeError("undefined is not a function")] });
    await assertRejects(() => startFromSnapshot(bug.user), TypeError, "not a function");
    const cause = new GuestError("kernel panic");
    const dead = makeUser({ save: [new BootFailed("boot", { cause })] });
    assertEquals(await assertRejects(() => startFromSnapshot(dead.user), GuestError), cause);
    const stopped = makeUser({ restore: [new GuestError("gone")] });
    stopped.abort.abort(new Error("enough"));
    await assertRejects(() => startFromSnapshot(stopped.user), Error, "enough");
  },
);

Deno.test("ensureSaved() tells why it saves, and says whether it did", { ignore }, async () => {
  await using _ = await place();
  const { user, calls } = makeUser();
  const told: string[] = [];
  const ensure = () =>
    ensureSaved({ name: "p", recipe }, (reasons) => {
      told.push(...reasons);
      return Promise.resolve(user);
    });
  assertEquals([await ensure(), await ensure()], [true, false]);
  assertEquals([told, calls], [["there is none yet"], ["save"]]);
});
