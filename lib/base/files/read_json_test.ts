import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { z } from "zod";
import { sandbox } from "../host_testing.ts";
import { parseJson, readJson } from "./read_json.ts";

const schema = z.object({ pid: z.int().positive(), name: z.string().optional() });

Deno.test("parseJson() takes what the schema describes, and leaves out the rest", () => {
  assertEquals(parseJson('{"pid": 1, "name": "a", "more": null}', schema), { pid: 1, name: "a" });
  assertEquals(parseJson('{"pid": 1}', schema), { pid: 1 });
});

for (
  const text of [
    ...["", "{", "null", "[]", "1", '"pid"', "{}", '{"pid": null}', '{"pid": "1"}', '{"pid": -1}'],
    ...['{"pid": 1.5}', '{"pid": {}}', '{"pid": 1, "name": null}', '{"__proto__": {"pid": 1}}'],
  ]
) {
  Deno.test(`parseJson() rejects ${JSON.stringify(text)}`, () => {
    assertEquals(parseJson(text, schema), undefined);
  });
}

Deno.test("readJson() returns undefined if there is no file, and throws the host's faults", async () => {
  await using box = await sandbox();
  const path = join(box.path, "record.json");
  assertEquals(await readJson(path, schema), undefined);
  await Deno.writeTextFile(path, '{"pid": 1}');
  assertEquals(await readJson(path, schema), { pid: 1 });
  assertEquals(await readJson(join(path, "below"), schema), undefined);
  assertEquals(await readJson(box.path, schema), undefined);
  // Far more than any record has; read whole, it would take the memory of the task.
  await Deno.truncate(path, 2 ** 40).catch(() => Deno.truncate(path, 2 ** 30));
  assertEquals(await readJson(path, schema), undefined);
  await assertRejects(() => readJson(join(box.path, "a".repeat(300)), schema), Error);
});
