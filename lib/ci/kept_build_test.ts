import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { run } from "../base/process/run.ts";
import { FILES, ignore, withBench, writeAgain } from "./kept_build_testing.ts";

/** A change of a project, and whether its build tree is kept or why it is not. */
const CASES: [what: string, script: string, verdict: string][] = [
  ["nothing", ":", "kept"],
  ["a source", "echo more >>one.c", "kept"],
  ["a header", "echo more >>a.h", "kept"],
  ["as many bytes at the same time", "touch -r b.h ../t; echo c >b.h; touch -r ../t b.h", "kept"],
  ["older content", "echo old >b.h; touch -d '2 days ago' b.h", "kept"],
  ["content from the future", "echo late >b.h; touch -d 2099-01-01 b.h", "kept"],
  ["what only tests read", "echo more >>data.txt", "kept"],
  ["a time", "touch -d '2 days ago' one.c", "kept"],
  ["what configuring reads", "echo 2 >VERSION", 'more than a compiler reads "VERSION"'],
  ["how it is configured", "echo generate >CMakeLists.txt", 'reads "CMakeLists.txt"'],
  ["what a linker reads", "echo 2 >link.map", 'more than a compiler reads "link.map"'],
  ["a new source", "echo three >three.c", '"three.c" has come, gone'],
  ["a header that is found first", "mkdir first; echo 1 >first/a.h", '"first/" has come'],
  ["a file that is gone", "rm inputs/x", '"inputs/x" has come, gone'],
  ["another name", "mv two.c four.c", '"four.c" has come'],
  ["a mode", "chmod 700 data.txt", '"data.txt" has come, gone, or changed its kind or mode'],
  ["a link", "ln -sf a.h b.h", '"b.h" has come'],
  ["a directory for a file", "rm data.txt; mkdir data.txt", '"data.txt/" has come'],
  ["a file for a directory", "rm -r inputs; echo >inputs", '"inputs" has come'],
  ["what is ignored", "echo VERSION >.gitignore", '".gitignore" has come'],
];
Deno.test({
  name: "--incremental keeps the build tree after a change where it can, and says why it cannot",
  ignore,
  async fn() {
    await withBench(FILES, async ({ project, incremental, fromNothing }) => {
      assertStringIncludes((await incremental()).log, "from nothing: there is no build tree yet");
      for (const [what, script, verdict] of CASES) {
        const { code } = await run(["sh", "-ec", script], { cwd: project });
        assertEquals(code, 0, what);
        const { outcome, log } = await incremental();
        assertStringIncludes(log, verdict, what);
        assertEquals(outcome, await fromNothing(), `${what}\n${log}`);
        await writeAgain(project);
        await incremental();
      }
    });
  },
});

Deno.test({
  name: "--incremental knows what a source reads only since it was changed",
  ignore,
  async fn() {
    await withBench(FILES, async ({ project, incremental, fromNothing }) => {
      const write = (name: string, text: string) => Deno.writeTextFile(join(project, name), text);
      await incremental();
      for (
        const [name, text, verdict] of [
          ["one.c", "#bytes sub/deep/y\n", "build tree: kept"],
          ["data.txt", "of tests\n", "build tree: kept"],
          ["data.txt", "of them again\n", "build tree: kept"],
          ["sub/deep/y", "other\n", 'more than a compiler reads "sub/deep/y"'],
        ] as const
      ) {
        await write(name, text);
        const { outcome, log } = await incremental();
        assertStringIncludes(log, verdict, name);
        assertEquals(outcome, await fromNothing(), name);
      }
    });
  },
});

/** What tests leave, and what the next build says of it. */
const TRACES: [text: string, verdict: string][] = [
  ["leaves", "kept"],
  // Root can remove it.
  ["locks", "build tree: "],
  ["spoils", 'from nothing: the last tests have changed "app"'],
  ["litters", 'from nothing: the last build has changed "litter"'],
];

Deno.test({
  name: "--incremental is not misled by what tests leave in the directories of a build",
  ignore,
  async fn() {
    for (const [text, verdict] of TRACES) {
      await withBench({ ...FILES, "data.txt": text }, async ({ incremental, fromNothing }) => {
        await incremental();
        const { outcome, log } = await incremental();
        assertStringIncludes(log, verdict, text);
        assertEquals(outcome, await fromNothing(), text);
      });
    }
  },
});

Deno.test({
  name:
    "--incremental starts from nothing for steps of the project's own, and after a failed build",
  ignore,
  async fn() {
    const files = { "x": "", "Makefile": "all:\n\tmkdir made\n" };
    const steps = (source: string) => [{ name: "make", command: ["make"], cwd: source }];
    await withBench(files, async ({ incremental, fromNothing }) => {
      await incremental();
      const { outcome, log } = await incremental();
      assertStringIncludes(log, "from nothing: its steps are the project's own");
      assertEquals(outcome, await fromNothing());
    }, steps);
    await withBench({ ...FILES, "one.c": "#include no.h\n" }, async ({ project, incremental }) => {
      assertStringIncludes((await incremental()).outcome, "failed: build");
      await writeAgain(project);
      const { outcome, log } = await incremental();
      assertStringIncludes(log, "from nothing: the last build has failed");
      assertStringIncludes(outcome, "failed: undefined");
    });
  },
});
