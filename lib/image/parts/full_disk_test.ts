import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { HostError, WorkError } from "../../cli/errors.ts";
import { explainFullDisk } from "./full_disk.ts";

Deno.test("explainFullDisk() says what Deno and programs say of a full disk", () => {
  const cases = [
    new Error("No space left on device (os error 28)"),
    new Error("Disk quota exceeded (os error 122), open '/x'"),
    new WorkError("Cannot compile it", { details: ["a", "error: No space left on device"] }),
  ];
  for (const error of cases) {
    const explained = explainFullDisk(error, "raw x86_64");
    assertInstanceOf(explained, HostError);
    assertEquals(explained.message, "Cannot build raw x86_64: a disk is full");
    assertEquals(explained.cause, error);
    assert(/space left|quota/.test(explained.details[0]!));
    assert(explained.next?.startsWith("deno task gc"));
  }
});

Deno.test("explainFullDisk() leaves other failures as they are", () => {
  const others = [new Error("no"), new WorkError("x", { details: ["y"] }), "text", undefined];
  for (const error of others) assertEquals(explainFullDisk(error, "x"), error);
});
