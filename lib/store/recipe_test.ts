import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { $ } from "../base/process/dollar.ts";
import { formatError, HostError } from "../base/errors.ts";
import { recipeKey, withoutComments } from "./recipe.ts";

/** A directory with a file, a program, a nested file, an empty directory and a link that loops. */
async function sampleTree(): Promise<{ dir: string } & AsyncDisposable> {
  const dir = await Deno.makeTempDir({ prefix: "guesthouse-recipe-" });
  await Deno.writeTextFile(join(dir, "b.txt"), "b");
  await Deno.writeTextFile(join(dir, "run"), "#!/bin/sh\n");
  await Deno.chmod(join(dir, "run"), 0o755);
  await Deno.mkdir(join(dir, "a"));
  await Deno.mkdir(join(dir, "empty"));
  await Deno.writeTextFile(join(dir, "a/z.txt"), "z");
  await Deno.symlink(".", join(dir, "a/loop"));
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

const keyOfTree = async (dir: string) => (await recipeKey([{ name: "tree", dir }])).key;

Deno.test("recipeKey() lists a directory's entries one by one, sorted", async () => {
  await using tree = await sampleTree();
  const recipe = await recipeKey([
    { name: "version", value: "7.2" },
    { name: "tree", dir: tree.dir },
    { name: "provision/debian.sh", file: join(tree.dir, "run") },
  ]);
  assertEquals(recipe.inputs.map(({ name }) => name), [
    "provision/debian.sh",
    "tree/",
    "tree/a/",
    "tree/a/loop",
    "tree/a/z.txt",
    "tree/b.txt",
    "tree/empty/",
    "tree/run",
    "version",
  ]);
  for (const { digest } of recipe.inputs) assertMatch(digest, /^[0-9a-f]{64}$/);
});

Deno.test("recipeKey() does not depend on where a directory lies, nor on the order of inputs", async () => {
  await using one = await sampleTree();
  await using other = await sampleTree();
  assertEquals(await keyOfTree(one.dir), await keyOfTree(other.dir));
  const inputs = [{ name: "a", value: 1 }, { name: "b", file: join(one.dir, "b.txt") }];
  assertEquals((await recipeKey(inputs)).key, (await recipeKey(inputs.toReversed())).key);
});

Deno.test("recipeKey() changes with every kind of change in a directory", async () => {
  await using tree = await sampleTree();
  const at = (path: string) => join(tree.dir, path);
  const changes: [string, () => Promise<void>][] = [
    ["contents", () => Deno.writeTextFile(at("b.txt"), "B")],
    ["mode", () => Deno.chmod(at("b.txt"), 0o755)],
    ["name", () => Deno.rename(at("b.txt"), at("c.txt"))],
    ["directory", () => Deno.rename(at("a/z.txt"), at("z.txt"))],
    ["empty file", () => Deno.writeTextFile(at("new"), "")],
    ["empty directory", () => Deno.remove(at("empty"))],
    ["link target", async () => {
      await Deno.remove(at("a/loop"));
      await Deno.symlink("..", at("a/loop"));
    }],
    ["link to file", async () => {
      await Deno.remove(at("a/loop"));
      await Deno.writeTextFile(at("a/loop"), "..");
    }],
  ];
  const keys = [await keyOfTree(tree.dir)];
  for (const [what, change] of changes) {
    await change();
    const key = await keyOfTree(tree.dir);
    assertEquals(keys.includes(key), false, `${what} left the key as it was`);
    keys.push(key);
  }
});

Deno.test("recipeKey() leaves out what `skip` selects", async () => {
  await using tree = await sampleTree();
  const skip = (path: string) => path === "a" || path.endsWith(".txt");
  const { inputs } = await recipeKey([{ name: "tree", dir: tree.dir, skip }]);
  assertEquals(inputs.map(({ name }) => name), ["tree/", "tree/empty/", "tree/run"]);
});

Deno.test("recipeKey() tells values, bytes and files of the same text apart", async () => {
  await using tree = await sampleTree();
  const digests = await Promise.all([
    recipeKey([{ name: "x", value: "b" }]),
    recipeKey([{ name: "x", value: new TextEncoder().encode("b") }]),
    recipeKey([{ name: "x", file: join(tree.dir, "b.txt") }]),
    recipeKey([{ name: "x", value: ["b"] }]),
  ]);
  assertEquals(new Set(digests.map(({ key }) => key)).size, 4);
});

Deno.test("recipeKey() hashes a file larger than one read", async () => {
  await using tree = await sampleTree();
  const path = join(tree.dir, "large");
  const bytes = new Uint8Array(3_000_000).fill(7);
  await Deno.writeFile(path, bytes);
  const before = await keyOfTree(tree.dir);
  bytes[2_999_999] = 8;
  await Deno.writeFile(path, bytes);
  assertNotEquals(await keyOfTree(tree.dir), before);
});

Deno.test("recipeKey() names an input that cannot be read", async () => {
  await using tree = await sampleTree();
  const path = join(tree.dir, "gone.sh");
  const error = await assertRejects(
    () => recipeKey([{ name: "provision/gone.sh", file: path }]),
    HostError,
  );
  assertMatch(
    formatError(error),
    /^Cannot read "provision\/gone.sh", an input of the build: No such file.*\n {2}path: .*gone.sh\n {2}next: restore the file/,
  );
  await assertRejects(
    () => recipeKey([{ name: "tools", dir: path }]),
    HostError,
    'Cannot read "tools", an input of the build: No such file',
  );
  await assertRejects(
    () => recipeKey([{ name: "directory", file: tree.dir }]),
    HostError,
    'Cannot read "directory", an input of the build: it is not a file',
  );
});

Deno.test("recipeKey() names a special file inside a directory instead of waiting for it", async () => {
  await using tree = await sampleTree();
  await $`mkfifo ${join(tree.dir, "a/fifo")}`;
  await assertRejects(
    () => recipeKey([{ name: "tree", dir: tree.dir }]),
    HostError,
    'Cannot read "tree/a/fifo", an input of the build: it is not a file',
  );
});

Deno.test("recipeKey() refuses two inputs of one name", async () => {
  await using tree = await sampleTree();
  await assertRejects(
    () => recipeKey([{ name: "tree", dir: tree.dir }, { name: "tree/a/z.txt", value: "z" }]),
    TypeError,
    'Cannot make a recipe key: two inputs are named "tree/a/z.txt"',
  );
});

Deno.test("recipeKey() differs when any input differs", async () => {
  // Few letters, so that lists meet which differ only in where one part ends.
  const word = fc.string({ unit: fc.constantFrom("a", "b", "\t", "\n"), maxLength: 3 });
  const inputs = fc.uniqueArray(fc.record({ name: word, value: word }), {
    selector: ({ name }) => name,
    maxLength: 4,
  });
  const canonical = (list: { name: string }[]) =>
    JSON.stringify(list.toSorted((a, b) => a.name < b.name ? -1 : 1));
  await fc.assert(fc.asyncProperty(inputs, inputs, async (left, right) => {
    const same = canonical(left) === canonical(right);
    assertEquals((await recipeKey(left)).key === (await recipeKey(right)).key, same);
  }));
});

Deno.test("withoutComments() leaves out comments and empty lines, except in here-documents", () => {
  const script = [
    "#!/bin/sh",
    "# Why.",
    "",
    "  # Why.",
    "cat >file <<'CONF' # not in a line of its own",
    "# kept",
    "",
    " CONF",
    "CONF",
    "# Why.",
    "cat <<-END; echo x",
    "\t# kept",
    "\tEND",
    "# Why.",
    "true <<<word",
    "# Why.",
  ];
  assertEquals(
    withoutComments(script.join("\n")),
    script.filter((line) => line !== "# Why." && line !== "  # Why." && line !== "")
      .toSpliced(3, 0, ""),
  );
});
