import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { git } from "../project/excludes_testing.ts";
import { FILES, ignore, withBench, writeAgain } from "./kept_build_testing.ts";

/** Numbers that look random and are the same each time. */
function randomNumbers(seed: number) {
  return (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
}

const NAMES = [
  ...[...Object.keys(FILES), "three.c", "first/a.h", "c.h", "inputs/z", ".gitignore", "sub/new"],
  ...["odd name", "sub/deep", "inputs"],
];
const TEXTS = [
  ...["generate\n", "plain\n", "broken\n", "fails\n", "leaves\n", "spoils\n", "litters\n"],
  ...["locks\n", "*.h\n", "sub/\n", "data.txt\n", "#include a.h\nx\n", "#include c.h\ny\n", "z\n"],
];

/** Changes a tree in some way, and says how. */
async function edit(dir: string, random: (below: number) => number, isRepository: boolean) {
  const pick = <T>(values: readonly T[]) => values[random(values.length)]!;
  const name = pick(NAMES);
  const path = join(dir, name);
  const info = await Deno.lstat(path).catch(() => undefined);
  const write = async (text: string) => {
    if (info?.isDirectory || info?.isSymlink) await Deno.remove(path, { recursive: true });
    const above = dirname(path);
    if (!(await Deno.lstat(above).catch(() => undefined))?.isDirectory) {
      await Deno.remove(above).catch(() => {});
      await Deno.mkdir(above, { recursive: true });
    }
    await Deno.writeTextFile(path, text);
  };
  const kind = random(14);
  if (kind > 11) {
    await writeAgain(dir);
    return "as at first";
  }
  if (kind <= 1) {
    const text = pick(TEXTS);
    await write(text);
    return `${name} := ${JSON.stringify(text)}`;
  }
  if (kind === 2) {
    await write(FILES[name as keyof typeof FILES] ?? "more\n");
    return `${name} as at first`;
  }
  if (info === undefined) return `${name}: nothing`;
  if (kind <= 4 && info.isFile) {
    // Of the same length and with the same time.
    const bytes = await Deno.readFile(path);
    const at = Math.max(0, bytes.length - 2);
    if (bytes[at] !== undefined && bytes[at] !== 10) bytes[at] = 97 + random(26);
    await Deno.writeFile(path, bytes);
    if (info.mtime !== null) await Deno.utime(path, info.mtime, info.mtime);
    return `${name}: other content, same time`;
  }
  if (kind === 5 && info.isFile) {
    await Deno.writeTextFile(path, pick(TEXTS));
    const seconds = pick([1, 1e9, Date.now() / 1000 + 1e6]);
    await Deno.utime(path, seconds, seconds);
    return `${name}: other content, at ${seconds}`;
  }
  if (kind === 6 && info.isFile) {
    await Deno.chmod(path, pick([0o600, 0o644, 0o755]));
    return `${name}: mode`;
  }
  if (kind === 7) {
    const other = pick(NAMES);
    const target = join(dir, other);
    if (`${target}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${target}/`)) {
      return "nothing";
    }
    const isFree = await Deno.lstat(dirname(target)).then((is) => is.isDirectory, () => false);
    if (!isFree) return "nothing";
    await Deno.remove(target, { recursive: true }).catch(() => {});
    await Deno.rename(path, target);
    return `${name} renamed to ${other}`;
  }
  if (kind === 8 && !info.isDirectory) {
    await Deno.remove(path);
    const target = pick(["b.h", "none", "inputs", "data.txt"].filter((target) => target !== name));
    await Deno.symlink(target, path);
    return `${name} -> ${target}`;
  }
  if (kind === 9) {
    await Deno.remove(path, { recursive: true });
    return `${name} removed`;
  }
  if (kind === 10 && isRepository) {
    await git(dir, "rm", "-r", "-q", "--cached", "--ignore-unmatch", "--", name);
    return `${name} no longer tracked`;
  }
  if (kind === 11 && isRepository) {
    await git(dir, "add", "--force", "--", name);
    return `${name} tracked`;
  }
  return `${name}: nothing`;
}

for (
  const [where, isRepository, edits] of [["without git", false, 130], [
    "with git",
    true,
    70,
  ]] as const
) {
  Deno.test({
    name: `--incremental builds what a build from nothing does, after ${edits} edits ${where}`,
    ignore,
    async fn() {
      await withBench(FILES, async ({ project, incremental, fromNothing }) => {
        if (isRepository) {
          await git(project, "init", "-q");
          await git(project, "add", ".");
        }
        const random = randomNumbers(edits);
        const done: string[] = [];
        while (done.length < edits) {
          // What was broken before hides what an edit does.
          if (random(2) === 0) {
            await writeAgain(project);
            await incremental();
          }
          for (let count = [1, 1, 2, 4][random(4)]!; count > 0; count--) {
            done.push(await edit(project, random, isRepository));
          }
          const { outcome, log } = await incremental();
          assertEquals(outcome, await fromNothing(), `${done.slice(-9).join("\n")}\n${log}`);
        }
      });
    },
  });
}
