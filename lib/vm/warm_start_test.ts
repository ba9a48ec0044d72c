import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { GuestError, HostError } from "../base/errors.ts";
import { sandbox } from "../base/host_testing.ts";
import type { GuestPlan, OpenedGuest } from "./plan.ts";
import type { OnNote } from "../guest/connect_guest.ts";
import type { restoreGuest } from "./restore.ts";
import { BootFailed } from "./save.ts";
import type { SnapshotShape } from "./snapshot_recipe.ts";
import { ensureSnapshot, startWarm } from "./warm_start.ts";

const ignore = Deno.build.os !== "linux";

/** A guest whose saves and restores are noted down, and fail as they are told to. */
function makeGuest(faults: { save?: unknown[]; restore?: unknown[] } = {}) {
  const calls: string[] = [];
  const notes: string[] = [];
  const abort = new AbortController();
  const fail = (errors: unknown[] = []) => {
    const error = errors.shift();
    if (error !== undefined) throw error;
  };
  const host = { machine: "q35", accelerator: "tcg", qemu: { sha256: "ab" } } as const;
  const shape: SnapshotShape = {
    ...{ host, cpu: "max", memoryMiB: 512, cores: 1, words: [], inputs: [] },
    devices: () => [],
  };
  const plan = {
    ...{ ...shape, name: "p", signal: abort.signal },
    snapshot: { shape, imageDir: "/image" },
  } as unknown as GuestPlan<AsyncDisposable>;
  const guest = {} as OpenedGuest<AsyncDisposable>;
  const onNote: OnNote = (text, level) => notes.push(`${level}: ${text}`);
  const save = async (dir: string) => {
    calls.push("save");
    fail(faults.save);
    for (const name of ["memory", "state", "disk.qcow2"]) {
      await Deno.writeTextFile(join(dir, name), name);
    }
  };
  const restore: typeof restoreGuest<AsyncDisposable> = async (snapshot, _plan, { start }) => {
    calls.push(`restore ${start}`);
    fail(faults.restore);
    await snapshot[Symbol.asyncDispose]();
    return guest;
  };
  return {
    ...{ calls, notes, abort, guest },
    start: () => startWarm(plan, onNote, { restore, save }),
    ensure: (told: string[]) =>
      ensureSnapshot("p", shape, (reasons) => {
        told.push(...reasons);
        return Promise.resolve({ plan, onNote });
      }, save),
  };
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
  "startWarm() saves once, then starts from that snapshot",
  { ignore },
  async () => {
    await using _ = await place();
    const { start, guest, calls, notes } = makeGuest();
    assertEquals(await start(), guest);
    assertEquals(await start(), guest);
    assertEquals(calls, ["save", "restore cold", "restore warm"]);
    assertEquals(notes[0], "info: snapshot: none fits (there is none yet)");
    assertMatch(notes[1] ?? "", /^info: snapshot: saved in /);
  },
);

Deno.test("startWarm() drops a snapshot that does not start, and boots instead", {
  ignore,
}, async () => {
  await using _ = await place();
  const { start, guest, calls, notes } = makeGuest({
    restore: [undefined, new GuestError("no answer", { details: ["QEMU: bad state"] })],
  });
  await start();
  assertEquals(await start(), undefined);
  const why = "no answer; QEMU: bad state";
  assertEquals(notes.at(-1), `warning: Cannot start "p" warm, so it boots: ${why}`);
  // A useless snapshot is not tried again.
  assertEquals(await start(), guest);
  assertEquals(calls.slice(2), ["restore warm", "save", "restore cold"]);
});

Deno.test(
  "startWarm() boots if saving fails because of the host",
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
      const { start, calls, notes } = makeGuest({ save: [error] });
      assertEquals(await start(), undefined);
      assertEquals(calls, ["save"]);
      assertMatch(notes.at(-1) ?? "", /^warning: Cannot start "p" warm, so it boots: /);
    }
  },
);

Deno.test(
  "startWarm() hides neither a bug nor a boot that would fail again",
  { ignore },
  async () => {
    await using _ = await place();
    const bug = makeGuest({ save: [new TypeError("undefined is not a function")] });
    await assertRejects(() => bug.start(), TypeError, "not a function");
    const cause = new GuestError("kernel panic");
    const dead = makeGuest({ save: [new BootFailed("boot", { cause })] });
    assertEquals(await assertRejects(() => dead.start(), GuestError), cause);
    const stopped = makeGuest({ restore: [new GuestError("gone")] });
    stopped.abort.abort(new Error("enough"));
    await assertRejects(() => stopped.start(), Error, "enough");
  },
);

Deno.test("ensureSnapshot() says why it saves, and whether it did", { ignore }, async () => {
  await using _ = await place();
  const { ensure, calls } = makeGuest();
  const told: string[] = [];
  assertEquals([await ensure(told), await ensure(told)], [true, false]);
  assertEquals([told, calls], [["there is none yet"], ["save"]]);
});
