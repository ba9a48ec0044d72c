import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { recipeKey } from "./recipe.ts";
import { explainMiss, readSidecar, writeSidecar } from "./sidecar.ts";

async function tempDir(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "guesthouse-sidecar-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const recipeOf = (values: Record<string, string>) =>
  recipeKey(Object.entries(values).map(([name, value]) => ({ name, value })));

Deno.test("writeSidecar() puts the key first, then one line for each input", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "image.hash");
  const recipe = await recipeOf({ suite: "bookworm", arch: "amd64" });
  await writeSidecar(path, recipe);
  const lines = (await Deno.readTextFile(path)).split("\n");
  assertEquals(lines, [
    recipe.key,
    `arch\t${recipe.inputs[0]!.digest}`,
    `suite\t${recipe.inputs[1]!.digest}`,
    "",
  ]);
  assertEquals(await readSidecar(path), { kind: "recipe", recipe });
});

Deno.test("readSidecar() gives back any recipe that was written", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "x.hash");
  const name = fc.string({ unit: fc.constantFrom("a", "\t", "\n", "\r", "\\", "n", "t", " ") });
  const recipe = fc.dictionary(name, fc.string(), { noNullPrototype: true, maxKeys: 4 });
  await fc.assert(
    fc.asyncProperty(recipe, async (values) => {
      const recipe = await recipeOf(values);
      await writeSidecar(path, recipe);
      assertEquals(await readSidecar(path), { kind: "recipe", recipe });
    }),
    { numRuns: 50 },
  );
});

Deno.test("readSidecar() treats damage as a miss, and says what is wrong", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "x.hash");
  const recipe = await recipeOf({ a: "1", b: "2" });
  await writeSidecar(path, recipe);
  const whole = await Deno.readTextFile(path);
  const cases: [text: string, reason: string][] = [
    ["", "line 1 is not a key"],
    ["not a key\n", "line 1 is not a key"],
    [whole.slice(0, 40), "line 1 is not a key"],
    [whole.slice(0, -1), "its last line is cut off"],
    [whole.replace("a\t", "a "), "line 2 is not an input"],
    [whole.slice(0, -10) + "\n", "line 3 is not an input"],
    [whole.replace("a\t", "c\t"), "its key does not belong to its inputs"],
    [recipe.key + "\n", "its key does not belong to its inputs"],
  ];
  for (const [text, reason] of cases) {
    await Deno.writeTextFile(path, text);
    assertEquals(await readSidecar(path), { kind: "damaged", path, reason }, JSON.stringify(text));
  }
  assertEquals(explainMiss(await readSidecar(path), recipe), [
    `${path} is damaged (its key does not belong to its inputs) and counts as missing`,
  ]);
});

Deno.test("explainMiss() is empty only for the same key", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "x.hash");
  const recipe = await recipeOf({ a: "1" });
  assertEquals(explainMiss(await readSidecar(path), recipe), [
    `no earlier build is recorded in ${path}`,
  ]);
  await writeSidecar(path, recipe);
  assertEquals(explainMiss(await readSidecar(path), recipe), []);
  assertEquals(explainMiss(await readSidecar(path), await recipeOf({ a: "2" })), ["a changed"]);
});

Deno.test("explainMiss() names changed, new and missing inputs", async () => {
  const previous = await recipeOf({
    "provision/debian.sh": "1",
    suite: "bookworm",
    "old\nname": "",
  });
  const current = await recipeOf({ "provision/debian.sh": "2", suite: "bookworm", arch: "arm64" });
  assertEquals(explainMiss({ kind: "recipe", recipe: previous }, current), [
    "input arch is new",
    "input old\\nname is gone",
    "provision/debian.sh changed",
  ]);
});
