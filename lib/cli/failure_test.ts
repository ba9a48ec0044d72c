import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { GuestError, WorkError } from "../base/errors.ts";
import { describeFailure } from "./failure.ts";

Deno.test("describeFailure() shows a TaskError unchanged", () => {
  const error = new GuestError("Cannot reach guest: no answer", { details: ["d"], next: "n" });
  assertEquals(describeFailure(error, "vm-run"), {
    message: "Cannot reach guest: no answer",
    details: ["d"],
    next: "n",
    exit: 4,
  });
});

Deno.test("describeFailure() shows Deno's own words for a missing permission", () => {
  const message = 'Requires run access to "rsync", run again with the --allow-run flag';
  const { stack, ...shown } = describeFailure(new Deno.errors.NotCapable(message), "build-vm");
  assertEquals(shown, {
    message: `Cannot finish "build-vm": ${message}`,
    details: ["the permission set of this task in deno.json does not include it"],
    next: "add it to the set, or rerun with --verbose to see which code asked",
    exit: 1,
  });
  assertStringIncludes(stack!, "failure_test.ts");
});

Deno.test("describeFailure() calls everything else a bug, in one line", () => {
  const error = new RangeError("first line\nsecond line", { cause: new Error("underneath") });
  const { stack, ...shown } = describeFailure(error, "build-vm");
  assertEquals(shown, {
    message: 'Cannot finish "build-vm": RangeError: first line',
    details: ["This is a bug in guesthouse."],
    next: "rerun with --verbose, and report what it prints in the issue tracker of guesthouse",
    exit: 1,
  });
  assertStringIncludes(stack!, "\nCaused by Error: underneath\n");
  assertEquals(describeFailure("text", "x").message, 'Cannot finish "x": text');
});

Deno.test("describeFailure() puts the original fault before those of the cleanup", async () => {
  let thrown: unknown;
  try {
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Promise.reject(new Error("lock is gone")));
    stack.defer(() => Promise.reject(new WorkError("Cannot remove overlay: busy")));
    throw new GuestError("Cannot reach guest: no answer", { next: "see logs/x.log" });
  } catch (error) {
    thrown = error;
  }
  const failure = describeFailure(thrown, "build-vm");
  assertEquals(failure.message, "Cannot reach guest: no answer");
  assertEquals(failure.details, [
    "then, while cleaning up: Cannot remove overlay: busy",
    'then, while cleaning up: Cannot finish "build-vm": Error: lock is gone',
    "  This is a bug in guesthouse.",
  ]);
  assertEquals([failure.next, failure.exit], ["see logs/x.log", 4]);
  assert(failure.stack?.includes("lock is gone"));
});
