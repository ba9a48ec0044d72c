import { join } from "@std/path";
import { $ } from "../base/process/dollar.ts";

/** The size of the tree that {@link makeTree} creates: 5,000 files. */
const DIRS = 50;
const FILES_EACH = 100;
const LINES_EACH = 30;

/** A word in one file only, which `grep -r` searches for. */
export const RARE_WORD = "zyzzyva";

/** Fills a directory with a committed repository of 5,000 small files. */
export async function makeTree(dir: string, signal: AbortSignal): Promise<void> {
  for (let count = 0; count < DIRS; count++) {
    const path = join(dir, `dir${count}`);
    await Deno.mkdir(path, { recursive: true });
    await Promise.all(Array.from({ length: FILES_EACH }, (_, index) => {
      const line = `line of file ${index} in directory ${count}\n`;
      return Deno.writeTextFile(join(path, `file${index}.txt`), line.repeat(LINES_EACH));
    }));
  }
  await Deno.writeTextFile(join(dir, `dir${DIRS - 1}`, "file0.txt"), `${RARE_WORD}\n`);
  const sh = $.with({ cwd: dir, signal, what: "make a tree" });
  await sh`git init --quiet`;
  await sh`git add --all`;
  await sh`git -c user.name=bench -c user.email=bench@localhost
    -c gc.auto=0 commit --quiet --message ${"A tree"}`;
  // Like a repository that has been cloned.
  await sh`git repack -a -d --quiet`;
}
