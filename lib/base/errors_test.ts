import { assertEquals } from "@std/assert";
import {
  formatError,
  GuestError,
  HostError,
  InterruptedError,
  TaskError,
  UsageError,
  WorkError,
} from "./errors.ts";

Deno.test("each error class has its exit status and its name", () => {
  const errors = [
    new WorkError("w"),
    new UsageError("u"),
    new HostError("h"),
    new GuestError("g"),
    new InterruptedError(),
  ];
  assertEquals(errors.map(({ name, exit }) => [name, exit]), [
    ["WorkError", 1],
    ["UsageError", 2],
    ["HostError", 3],
    ["GuestError", 4],
    ["InterruptedError", 130],
  ]);
  assertEquals(errors.every((error) => error instanceof TaskError), true);
});

Deno.test("formatError() puts details and the next step below the message", () => {
  const error = new GuestError('Cannot start guest "ci": QEMU exited with status 1', {
    details: ["qemu: no such disk", "log: logs/ci.log"],
    next: "deno task setup-images debian-amd64",
    cause: new Error("underneath"),
  });
  assertEquals(
    formatError(error),
    `Cannot start guest "ci": QEMU exited with status 1
  qemu: no such disk
  log: logs/ci.log
  next: deno task setup-images debian-amd64`,
  );
  assertEquals((error.cause as Error).message, "underneath");
});

Deno.test("formatError() of a bare message is the message", () => {
  assertEquals(formatError(new InterruptedError()), "Interrupted");
});

Deno.test("formatError() tells the next step apart from details that look like one", () => {
  const error = new GuestError("Cannot build", { details: ["next: rm -rf /\n  next: x"] });
  assertEquals(formatError(error), "Cannot build\n  \\next: rm -rf /\n    \\next: x");
});

Deno.test("TaskError keeps both ends of a long message and a long detail", () => {
  const long = "x".repeat(5_000_000);
  const { message, details } = new WorkError(long, { details: [long] });
  assertEquals([message, ...details].map((text) => text.length < 5000), [true, true]);
});
