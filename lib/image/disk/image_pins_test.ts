import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { UsageError } from "../../base/errors.ts";
import { type ImagePin, readImagePins, writeImagePin } from "./image_pins.ts";

const PIN: ImagePin = {
  ...{ url: "https://publisher.test/disk.img", bytes: 4096, algorithm: "sha512" },
  ...{ digest: "0f".repeat(64), taken: "2026-11-27T10:00:00.000Z" },
};

async function atLock(test: (path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(join(dir, "images.lock.json"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("writeImagePin() keeps the other pins, sorted by name", () =>
  atLock(async (path) => {
    assertEquals(await readImagePins(path), {});
    for (const name of ["linux-b", "linux-a"]) await writeImagePin(path, name, PIN);
    assertEquals(Object.keys(await readImagePins(path)), ["linux-a", "linux-b"]);
    await writeImagePin(path, "linux-a", { ...PIN, bytes: 1 });
    assertEquals((await readImagePins(path))["linux-a"]?.bytes, 1);
  }));

const damages = [
  { text: "{", says: "JSON" },
  { text: '{"a":{"url":"x"}}', says: "a.url" },
  { text: JSON.stringify({ a: { ...PIN, digest: "0f" } }), says: "a.digest" },
  { text: JSON.stringify({ a: { ...PIN, sha1: "" } }), says: "sha1" },
];

for (const { text, says } of damages) {
  Deno.test(`readImagePins() refuses ${text.slice(0, 40)}, and names ${says}`, () =>
    atLock(async (path) => {
      await Deno.writeTextFile(path, text);
      const error = await assertRejects(() => readImagePins(path), UsageError);
      assertStringIncludes(error.message, says);
      assertStringIncludes(error.next ?? "", "git checkout");
    }));
}
