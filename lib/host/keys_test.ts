import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { InterruptedError } from "../base/errors.ts";
import { ensureKeys, findPublicKeys } from "./keys.ts";
import { keysDir } from "../base/files/paths.ts";
import { $ } from "../base/process/dollar.ts";
import { haveProgram, sandbox } from "../base/host_testing.ts";

const ignore = !haveProgram("ssh-keygen");

/** The public half that ssh-keygen derives from a private key, without the comment. */
async function publicHalf(privateKey: string): Promise<string> {
  const { stdout } = await $`ssh-keygen -y -f ${privateKey}`;
  return stdout.split(" ").slice(0, 2).join(" ").trim();
}

const mode = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;

Deno.test({
  name: "ensureKeys() makes two pairs that only this user can read",
  ignore,
  async fn() {
    await using _box = await sandbox();
    const keys = await ensureKeys();
    assertEquals(keys.clientKey, join(keysDir(), "client_ed25519"));
    assertMatch(keys.clientPublic, /^ssh-ed25519 AAAA\S+$/);
    assertMatch(keys.hostPublic, /^ssh-ed25519 AAAA\S+$/);
    assertNotEquals(keys.clientPublic, keys.hostPublic);
    assertMatch(keys.hostSecret, /^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
    assertEquals(await publicHalf(keys.clientKey), keys.clientPublic);
    assertEquals(await publicHalf(join(keysDir(), "guest_ed25519")), keys.hostPublic);
    assertEquals(await mode(keysDir()), 0o700);
    assertEquals(await mode(keys.clientKey), 0o600);
  },
});

Deno.test({
  name: "ensureKeys() keeps existing keys, also for two tasks at once",
  ignore,
  async fn() {
    await using _box = await sandbox();
    const [first, second] = await Promise.all([ensureKeys(), ensureKeys()]);
    assertEquals(second, first);
    assertEquals(await ensureKeys(), first);
  },
});

/** Ways to damage the file of a private key; `told` says whether the user is told of it. */
const damages: { what: string; damage: (text: string) => string | undefined; told: boolean }[] = [
  { what: "is missing", damage: () => undefined, told: false },
  { what: "is empty", damage: () => "", told: true },
  { what: "is cut off", damage: (text) => text.slice(0, text.length / 2), told: true },
  {
    what: "has lost a line",
    damage: (text) => text.split("\n").toSpliced(2, 1).join("\n"),
    told: true,
  },
  { what: "is of zeros", damage: (text) => "\0".repeat(text.length), told: true },
  {
    what: "has another letter in the middle",
    damage: (text) =>
      text.replace(/^(.{200})(.)/s, (_, head, letter) => head + (letter === "A" ? "B" : "A")),
    told: true,
  },
];

for (const name of ["client_ed25519", "guest_ed25519"]) {
  for (const { what, damage, told } of damages) {
    Deno.test({
      name: `ensureKeys() makes a new pair where ${name} ${what}`,
      ignore,
      async fn() {
        await using _box = await sandbox();
        const former = await ensureKeys();
        const path = join(keysDir(), name);
        const text = damage(await Deno.readTextFile(path));
        await Deno.remove(path);
        if (text !== undefined) await Deno.writeTextFile(path, text, { mode: 0o600 });
        assertEquals(await findPublicKeys(), undefined);
        const notes: string[] = [];
        const keys = await ensureKeys(undefined, (note) => notes.push(note));
        assertEquals(notes.length, told ? 1 : 0, notes.join("\n"));
        if (told) assertStringIncludes(notes[0] ?? "", `${path} is damaged`);
        const isClient = name.startsWith("client");
        assertEquals(keys.clientPublic === former.clientPublic, !isClient);
        assertEquals(keys.hostPublic === former.hostPublic, isClient);
        assertEquals(await publicHalf(path), isClient ? keys.clientPublic : keys.hostPublic);
        assertEquals(await mode(path), 0o600);
        assertEquals(await ensureKeys(), keys);
        assertEquals([...Deno.readDirSync(keysDir())].length, 4);
      },
    });
  }

  for (const text of [undefined, "", "ssh-ed25519 AAAA"]) {
    Deno.test({
      name: `ensureKeys() keeps ${name} if the file with its public part is "${text}"`,
      ignore,
      async fn() {
        await using _box = await sandbox();
        const former = await ensureKeys();
        const path = join(keysDir(), `${name}.pub`);
        const whole = await Deno.readTextFile(path);
        await Deno.remove(path);
        if (text !== undefined) await Deno.writeTextFile(path, text);
        assertEquals(await ensureKeys(), former);
        assertEquals(await Deno.readTextFile(path), whole);
      },
    });
  }
}

Deno.test({
  name: "ensureKeys() removes unfinished keys of a killed task",
  ignore,
  async fn() {
    await using _box = await sandbox();
    await Deno.mkdir(join(keysDir(), "new-0123"), { recursive: true });
    await ensureKeys();
    assertEquals([...Deno.readDirSync(keysDir())].filter((one) => one.isDirectory), []);
  },
});

Deno.test("ensureKeys() makes nothing when aborted", async () => {
  await using _box = await sandbox();
  await assertRejects(
    () => ensureKeys(AbortSignal.abort(new InterruptedError())),
    InterruptedError,
  );
  assertEquals(await Array.fromAsync(Deno.readDir(keysDir())), []);
});
