import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../errors.ts";
import { checkSocketPath, ensurePrivateDir, ensureSocketDir } from "./private_dir.ts";
import { sandbox } from "../host_testing.ts";

async function withTempDir(use: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir({ prefix: "gh-private-" });
  try {
    await use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const mode = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;

Deno.test("ensurePrivateDir() makes a directory for its owner alone, and may be repeated", async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "a/b");
    await ensurePrivateDir(path);
    await ensurePrivateDir(path);
    assertEquals(await mode(path), 0o700);
  });
});

Deno.test("ensurePrivateDir() closes a directory that is open to others", async () => {
  await withTempDir(async (dir) => {
    await Deno.chmod(dir, 0o755);
    await ensurePrivateDir(dir);
    assertEquals(await mode(dir), 0o700);
  });
});

Deno.test("ensurePrivateDir() refuses a symlink, which may lead to another user's directory", async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "link");
    await Deno.symlink("/", path);
    const error = await assertRejects(
      () => ensurePrivateDir(path),
      HostError,
      `Cannot use the directory "${path}" for sockets: it is not a directory`,
    );
    assertEquals(error.next, "set XDG_RUNTIME_DIR to a directory of your own");
  });
});

Deno.test("ensurePrivateDir() refuses a directory in which others can replace it", async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "guesthouse-0");
    await Deno.chmod(dir, 0o777);
    const error = await assertRejects(() => ensurePrivateDir(path), HostError, "every user can");
    assertEquals(error.next, "set XDG_RUNTIME_DIR to a directory of your own");
    await Deno.chmod(dir, 0o1777);
    await ensurePrivateDir(path);
  });
});

Deno.test("ensureSocketDir() takes the next place where the first one does not do", async () => {
  await withTempDir(async (dir) => {
    await using _env = await sandbox({ XDG_RUNTIME_DIR: dir });
    const own = join(dir, `guesthouse-${Deno.uid()}`);
    assertEquals(await ensureSocketDir(), own);
    await Deno.remove(own);
    await Deno.writeTextFile(own, "");
    assertEquals(await ensureSocketDir(), `/tmp/guesthouse-${Deno.uid()}`);
  });
});

Deno.test("checkSocketPath() counts bytes and what the program appends", () => {
  checkSocketPath(`/${"x".repeat(102)}`);
  assertThrows(
    () => checkSocketPath(`/${"é".repeat(52)}`),
    HostError,
    "its path takes 105 bytes, and 103 are possible",
  );
  const error = assertThrows(() => checkSocketPath(`/${"x".repeat(86)}`, 17), HostError);
  assertEquals(error.next, "set XDG_RUNTIME_DIR to a shorter path");
});
