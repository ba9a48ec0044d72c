import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { InterruptedError } from "../cli/errors.ts";
import { ensureKeys } from "./keys.ts";
import { keysDir } from "./paths.ts";
import { run } from "./process.ts";
import { haveProgram, sandbox } from "./testing.ts";

const ignore = !haveProgram("ssh-keygen");

/** The public half that ssh-keygen derives from a private key, without the comment. */
async function publicHalf(privateKey: string): Promise<string> {
  const { stdout } = await run(["ssh-keygen", "-y", "-f", privateKey]);
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
  name: "ensureKeys() keeps what is there, also for two tasks at once",
  ignore,
  async fn() {
    await using _box = await sandbox();
    const [first, second] = await Promise.all([ensureKeys(), ensureKeys()]);
    assertEquals(second, first);
    assertEquals(await ensureKeys(), first);
  },
});

for (const left of ["client_ed25519", "client_ed25519.pub"]) {
  Deno.test({
    name: `ensureKeys() replaces half a pair, of which a killed run left ${left}`,
    ignore,
    async fn() {
      await using _box = await sandbox();
      const former = await ensureKeys();
      const missing = left.endsWith(".pub") ? "client_ed25519" : "client_ed25519.pub";
      await Deno.remove(join(keysDir(), missing));
      const keys = await ensureKeys();
      assertNotEquals(keys.clientPublic, former.clientPublic);
      assertEquals(await publicHalf(keys.clientKey), keys.clientPublic);
      assertEquals(keys.hostPublic, former.hostPublic);
    },
  });
}

Deno.test("ensureKeys() makes nothing when aborted", async () => {
  await using _box = await sandbox();
  await assertRejects(
    () => ensureKeys(AbortSignal.abort(new InterruptedError())),
    InterruptedError,
  );
  assertEquals(await Array.fromAsync(Deno.readDir(keysDir())), []);
});
