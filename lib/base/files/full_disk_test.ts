import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { HostError, WorkError } from "../errors.ts";
import { explainFullDisk, freeDiskBytes, fullDiskError, isFullDisk } from "./full_disk.ts";

const FULL = [
  new Error("No space left on device (os error 28)"),
  new Error("Disk quota exceeded (os error 122), open '/x'"),
];

Deno.test("explainFullDisk() names the file system, what is free, and what frees more", async () => {
  for (const error of FULL) {
    assert(isFullDisk(error));
    const explained = await explainFullDisk(error, 'build "x"');
    assertInstanceOf(explained, HostError);
    assertEquals(explained.exit, 3);
    assertEquals(explained.message, 'Cannot build "x": a disk of this host is full');
    assertEquals([explained.details[0], explained.cause], [error.message, error]);
    assertMatch(explained.details[1] ?? "", /^file system \/.*: [\d.]+ \w+ free of [\d.]+ \w+$/);
    assertMatch(explained.next ?? "", /^deno task gc/);
  }
});

Deno.test("explainFullDisk() finds the fault behind a cleanup that failed, too", async () => {
  const later = new WorkError("Cannot clean up");
  const explained = await explainFullDisk(new SuppressedError(later, FULL[0]), "x");
  assertInstanceOf(explained, SuppressedError);
  assertInstanceOf(explained.suppressed, HostError);
  assertEquals(explained.error, later);
});

Deno.test("explainFullDisk() leaves other failures as they are", async () => {
  // What a guest or a project says may be about another disk.
  const step = new WorkError("x", { details: ["cc: No space left on device"] });
  for (const error of [new Error("no"), step, "text", undefined]) {
    assertEquals(await explainFullDisk(error, "x"), error);
  }
  const onHost = await explainFullDisk(step, "x", { onHost: true });
  assertInstanceOf(onHost, HostError);
  assertEquals(onHost.details[0], "cc: No space left on device");
});

Deno.test("fullDiskError() names the file system of a path that does not exist yet", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const [there, notYet] = await Promise.all(
      [dir, `${dir}/not/there`].map(async (path) => (await fullDiskError("x", { paths: [path] }))),
    );
    assertEquals(there?.details.length, 1);
    const place = /^file system (.*?): /.exec(there?.details[0] ?? "")?.[1] ?? "";
    assert(`${dir}/`.startsWith(place === "/" ? "/" : `${place}/`), place);
    assertEquals(/^file system (.*?): /.exec(notYet?.details[0] ?? "")?.[1], place);
  } finally {
    await Deno.remove(dir);
  }
});

Deno.test("freeDiskBytes() answers for a path that is not there yet", async () => {
  const dir = await Deno.makeTempDir({ prefix: "guesthouse-facts-" });
  try {
    assert(await freeDiskBytes(`${dir}/not/there/yet`) > 0);
  } finally {
    await Deno.remove(dir);
  }
});

Deno.test("freeDiskBytes() reports a path through a file", async () => {
  const file = await Deno.makeTempFile({ prefix: "guesthouse-facts-" });
  try {
    await assertRejects(() => freeDiskBytes(`${file}/below`), Error, "ENOTDIR");
  } finally {
    await Deno.remove(file);
  }
});
