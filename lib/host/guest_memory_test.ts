import { assertEquals, assertThrows } from "@std/assert";
import { formatError, UsageError } from "../base/errors.ts";
import { guestSize } from "../vm/build_machine.ts";
import type { Platform } from "../config/platform.ts";
import { checkMemory } from "./guest_memory.ts";

const refusal = (wish: Parameters<typeof checkMemory>[0]) =>
  formatError(assertThrows(() => checkMemory(wish, 10_000), UsageError));

Deno.test("checkMemory() reserves a fifth of the host's memory from projects", () => {
  checkMemory({ name: "x", memoryMiB: 8000, ofProject: true }, 10_000);
  assertEquals(
    refusal({ name: "x", memoryMiB: 8001, ofProject: true }),
    [
      'Cannot give guest "x" 8001 MiB: a project may ask for 8000 MiB on this host',
      "  the host has 10000 MiB, of which guests leave a fifth to what else runs",
      '  next: set a smaller "memory" in guesthouse.json, or pass --memory 8001 to insist',
    ].join("\n"),
  );
});

Deno.test("checkMemory() gives the user all of the host's memory, and no more", () => {
  checkMemory({ name: "x", memoryMiB: 10_000 }, 10_000);
  for (const ofProject of [false, true]) {
    assertEquals(
      refusal({ name: "x", memoryMiB: 10_001, ofProject }).split("\n")[0],
      'Cannot give guest "x" 10001 MiB: the host has 10000 MiB',
    );
  }
});

Deno.test("guestSize() says whether a project has chosen the memory", () => {
  const platform = { memoryMiB: 1024, cores: 2 } as Platform;
  const ofProject = (project: { memoryMiB?: number }, flags: { memory?: number }) =>
    guestSize(platform, project, flags).ofProject === true;
  assertEquals(ofProject({}, {}), false);
  assertEquals(ofProject({ memoryMiB: 4096 }, {}), true);
  assertEquals(ofProject({ memoryMiB: 4096 }, { memory: 4096 }), false);
});
