import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import { TaskError, WorkError } from "../base/errors.ts";
import { sandbox } from "../base/host_testing.ts";
import { copyArtifacts } from "./artifacts.ts";

/** A build directory and a source directory with files, and {@link copyArtifacts} from them. */
async function setUp(files: Readonly<Record<string, string>>) {
  const box = await sandbox();
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(box.path, path)), { recursive: true });
    await Deno.writeTextFile(join(box.path, path), text);
  }
  const roots = ["build", "source"].map((name) => join(box.path, name));
  for (const root of roots) await Deno.mkdir(root, { recursive: true });
  const outDir = join(box.path, "out");
  const { signal } = new AbortController();
  return {
    outDir,
    copy: async (globs: readonly string[], limitBytes?: number) => {
      const absolute = globs.map((glob) => join(box.path, glob));
      const options = { name: "native", globs: absolute, roots, outDir, signal };
      const copied = await copyArtifacts({
        ...options,
        ...(limitBytes === undefined ? {} : { limitBytes }),
      });
      return copied.map((path) => path.slice(`${outDir}/native/`.length));
    },
    [Symbol.asyncDispose]: () => box[Symbol.asyncDispose](),
  };
}

Deno.test("copyArtifacts() keeps paths relative to the glob's directory", async () => {
  await using box = await setUp({ "build/bin/a": "a", "build/b.txt": "b", "source/docs/c": "c" });
  assertEquals(await box.copy(["build/bin/*", "source/docs"]), ["bin/a", "docs/c"]);
  assertEquals(await Deno.readTextFile(join(box.outDir, "native/docs/c")), "c");
});

Deno.test("copyArtifacts() leaves nothing of an earlier build", async () => {
  await using box = await setUp({ "build/a": "a", "build/b": "b" });
  await box.copy(["build/a"]);
  await box.copy(["build/b"]);
  assertEquals(
    (await Array.fromAsync(Deno.readDir(join(box.outDir, "native")))).map((e) => e.name),
    [
      "b",
    ],
  );
});

Deno.test("copyArtifacts() copies what there is before it names the glob that matches nothing", async () => {
  await using box = await setUp({ "build/a": "a" });
  const error = await assertRejects(() => box.copy(["build/none", "build/a"]), WorkError);
  assertEquals(error.message.endsWith('/build/none"'), true, error.message);
  assertEquals(error.next, 'correct "artifacts" in guesthouse.json');
  assertEquals(await Deno.readTextFile(join(box.outDir, "native/a")), "a");
});

Deno.test("copyArtifacts() refuses two files with the same target", async () => {
  await using box = await setUp({ "build/a": "of the build", "source/a": "of the source" });
  const error = await assertRejects(() => box.copy(["build/a", "source/a"]), WorkError);
  assertEquals(
    /build\/a/.test(error.message + error.details) &&
      /source\/a/.test(error.message + error.details),
    true,
    error.message,
  );
});

Deno.test("copyArtifacts() copies nothing if the total is too large", async () => {
  await using box = await setUp({ "build/a": "x".repeat(100_000) });
  await assertRejects(() => box.copy(["build/a"], 50_000), TaskError);
  await assertRejects(() => Deno.stat(join(box.outDir, "native/a")), Deno.errors.NotFound);
  assertEquals(await box.copy(["build/a"], 200_000), ["a"]);
});
