import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { verdictsDir } from "./paths.ts";
import { sandbox } from "../host_testing.ts";
import { isRecord, readVerdict, writeVerdict } from "./verdict_cache.ts";

const isAnswer = (value: unknown): value is { answer: number } =>
  isRecord(value) && typeof value.answer === "number";

Deno.test("readVerdict() gives back what writeVerdict() took", async () => {
  await using _box = await sandbox();
  assertEquals(await readVerdict("v", isAnswer), undefined);
  await writeVerdict("v", { answer: 1 });
  await writeVerdict("v", { answer: 2 });
  assertEquals(await readVerdict("v", isAnswer), { answer: 2 });
  assertEquals([...Deno.readDirSync(verdictsDir())].map(({ name }) => name), ["v.json"]);
});

Deno.test("readVerdict() ignores a damaged file", async () => {
  await using _box = await sandbox();
  await Deno.mkdir(verdictsDir(), { recursive: true });
  for (const text of ["", "{", "null", "[]", '{"answer":"2"}', '{"answer":']) {
    await Deno.writeTextFile(join(verdictsDir(), "v.json"), text);
    assertEquals(await readVerdict("v", isAnswer), undefined, text);
  }
});

Deno.test("writeVerdict() does without a directory that it cannot make", async () => {
  await using box = await sandbox();
  await Deno.writeTextFile(join(box.path, "state"), "a file in the way");
  await writeVerdict("v", { answer: 1 });
  assertEquals(await readVerdict("v", isAnswer), undefined);
});
