import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const DECLARATIONS = new URL("./std.d.ts", import.meta.url);
const CONFIG = fromFileUrl(new URL("../deno.json", import.meta.url));

/** The names of values (not types) that the file declares, by module. */
function declaredValues(source: string): Map<string, string[]> {
  const modules = source.split(/^declare module /m).slice(1);
  return new Map(modules.map((text) => {
    const specifier = /^"([^"]+)"/.exec(text)![1]!;
    const names = text.matchAll(/^ {2}export (?:function|const|class) (\w+)/gm);
    return [specifier, [...new Set([...names].map(([, name]) => name!))]];
  }));
}

Deno.test("std.d.ts declares only what the modules export", async (t) => {
  const declared = declaredValues(await Deno.readTextFile(DECLARATIONS));
  assertEquals([...declared.keys()], [
    "@std/path",
    "@std/fs",
    "@std/streams",
    "@std/assert",
    "@std/bytes",
    "@std/cli",
    "@std/async",
    "@std/crypto",
    "@std/text",
  ]);
  for (const [specifier, names] of declared) {
    await t.step(specifier, async () => {
      const module: Record<string, unknown> = await import(specifier);
      assert(names.length > 0);
      assertEquals(names.filter((name) => !(name in module)), []);
    });
  }
});

/** One wrong use of each module, and what the type check says of it. */
const WRONG_USES: readonly (readonly [code: string, complaint: string])[] = [
  [
    'import { join } from "@std/path"; join(1);',
    "Argument of type 'number' is not assignable to parameter of type 'string | URL'",
  ],
  [
    'import { exists } from "@std/fs"; const yes: boolean = exists("x");',
    "Type 'Promise<boolean>' is not assignable to type 'boolean'",
  ],
  [
    'import { toText } from "@std/streams"; toText("text");',
    "Argument of type 'string' is not assignable to parameter of type 'ReadableStream<any>'",
  ],
  [
    'import { assertEquals } from "@std/assert"; assertEquals(1, "1");',
    "Argument of type 'string' is not assignable to parameter of type 'number'",
  ],
  [
    'import { parseArgs } from "@std/cli"; const text: string = parseArgs([]).text;',
    "Type 'unknown' is not assignable to type 'string'",
  ],
  [
    'import { delay } from "@std/async"; delay(1, new AbortController().signal);',
    "has no properties in common with type 'DelayOptions'",
  ],
  [
    'import { timingSafeEqual } from "@std/crypto"; timingSafeEqual("a", "a");',
    "Argument of type 'string' is not assignable to parameter of type",
  ],
  [
    'import { levenshteinDistance } from "@std/text"; levenshteinDistance("text");',
    "Expected 2 arguments, but got 1",
  ],
  ['import { joinn } from "@std/path"; joinn();', "has no exported member named 'joinn'"],
];

Deno.test("std.d.ts makes deno check report wrong uses", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const files = WRONG_USES.map((_, index) => join(dir, `wrong_${index}.ts`));
    await Promise.all(WRONG_USES.map(([code], index) => Deno.writeTextFile(files[index]!, code)));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--config", CONFIG, ...files],
      env: { NO_COLOR: "1" },
    }).output();
    const complaints = new TextDecoder().decode(stderr);
    assertEquals(success, false);
    for (const [, complaint] of WRONG_USES) assertStringIncludes(complaints, complaint);
    assertStringIncludes(complaints, `Found ${WRONG_USES.length} errors.`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
