import { assertEquals } from "@std/assert";
import { runChecked } from "../base/process/process.ts";
import { makeTree, RARE_WORD } from "./dev_tree.ts";

Deno.test("makeTree() commits 5,000 files, one of which has the rare word", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gh-tree-" });
  try {
    await makeTree(dir, new AbortController().signal);
    const ask = async (...argv: string[]) =>
      (await runChecked(argv, { cwd: dir, what: "look at a tree" })).stdout.trim().split("\n");
    assertEquals((await ask("git", "ls-files")).length, 5000);
    assertEquals(await ask("git", "status", "--porcelain"), [""]);
    assertEquals(await ask("grep", "-rl", "--exclude-dir=.git", RARE_WORD, "."), [
      "./folder49/file0.txt",
    ]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
