// What takes long to make and many tests start with: made once, and each test has a copy.
import { join } from "@std/path";
import { acquireLock } from "../../lib/base/files/lock.ts";
import { $ } from "../../lib/base/process/dollar.ts";

/** `deno task test` gives all test files one place, and removes it; a file alone has its own. */
const sharedDir = Deno.env.get("GUESTHOUSE_TEST_SHARED") ?? ownDir();

function ownDir(): string {
  const dir = Deno.makeTempDirSync({ prefix: "guesthouse-shared-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
  return dir;
}

/**
 * The directory of that name, which `make` has filled: for the first test that asks, whichever file
 * it is in. Nobody may change anything in it.
 */
export async function madeOnce(name: string, make: (dir: string) => Promise<void>) {
  const dir = join(sharedDir, name);
  await using _lock = await acquireLock(`${dir}.lock`);
  if (await Deno.stat(dir).then(() => true, () => false)) return dir;
  const part = `${dir}.part`;
  // Of one that failed.
  await Deno.remove(part, { recursive: true }).catch(() => {});
  await make(part);
  await Deno.rename(part, dir);
  return dir;
}

/** Copies what is in a directory into another one, with modes, times and holes. */
export async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  await $`cp --archive --reflink=auto --sparse=always -- ${from}/. ${to}`;
}
