import { assertEquals } from "@std/assert";
import { $ } from "../base/process/dollar.ts";
import { makeTree, RARE_WORD } from "./dev_tree.ts";

Deno.test("makeTree() commits 5,000 files, one of which has the rare word", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gh-tree-" });
  try {
    await makeTree(dir, new AbortController().signal);
    const sh = $.with({ cwd: dir });
    assertEquals((await sh`git ls-files`.lines()).length, 5000);
    assertEquals(await sh`git status --porcelain`.text(), "");
    assertEquals(
      await sh`grep -rl --exclude-dir=.git ${RARE_WORD} .`.text(),
      "./dir49/file0.txt",
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
