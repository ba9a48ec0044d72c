/** Parts of the tests of what is left out of a copy: real trees, the real git. */
import { dirname, join } from "@std/path";

/** A temporary directory with files by path; a text of `-> TARGET` makes a symbolic link. */
export async function makeTree(
  files: Readonly<Record<string, string>>,
): Promise<{ dir: string } & AsyncDisposable> {
  const dir = await Deno.makeTempDir({ prefix: "guesthouse-tree-" });
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(join(dir, dirname(path)), { recursive: true });
    if (text.startsWith("-> ")) await Deno.symlink(text.slice(3), join(dir, path));
    else await Deno.writeTextFile(join(dir, path), text);
  }
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

/** Runs git in a directory and returns its stdout. */
export function git(dir: string, ...args: readonly string[]): Promise<string> {
  const author = ["-c", "user.name=ci", "-c", "user.email=ci@example.invalid"];
  return run("git", ["-C", dir, ...author, "-c", "protocol.file.allow=always", ...args]);
}

/** Runs a program and returns its stdout. Throws if it fails. */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    // The user's own settings must not shape the outcome, and in a git hook GIT_DIR and
    // GIT_INDEX_FILE name a repository that no test may touch.
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      LC_ALL: "C",
    },
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
