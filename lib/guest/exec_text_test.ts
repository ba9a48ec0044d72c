import { assertEquals, assertRejects } from "@std/assert";
import { GuestError } from "../base/errors.ts";
import { execText } from "./exec_text.ts";
import type { ExecOptions } from "./ssh.ts";

/** A guest whose commands print pieces until they are ended, or there are no more. */
function guestThatPrints(pieces: Iterable<readonly ["stdout" | "stderr", string]>) {
  const printed = { count: 0 };
  return {
    printed,
    name: "x",
    exec(_argv: readonly string[], { signal, onOutput }: ExecOptions = {}) {
      for (const [stream, text] of pieces) {
        if (signal?.aborted) return Promise.reject(signal.reason);
        printed.count++;
        onOutput?.(text, stream);
      }
      return Promise.resolve({ code: 7 });
    },
  };
}

Deno.test("execText() returns stdout, and the last lines of both streams as plain text", async () => {
  const guest = guestThatPrints([["stdout", "one\ntw"], ["stderr", "\x1b[31m!\n"], [
    "stdout",
    "o",
  ]]);
  const { code, stdout, lastLines } = await execText(guest, ["cmd"]);
  assertEquals([code, stdout, lastLines(2)], [7, "one\ntwo", ["tw!", "o"]]);
});

Deno.test("execText() ends a command that does not stop printing", async () => {
  const endless = function* () {
    while (true) yield ["stdout", "x".repeat(1024)] as const;
  };
  const guest = guestThatPrints(endless());
  await assertRejects(
    () => execText(guest, ["cat"]),
    GuestError,
    'Cannot read what "cat" prints in guest "x": it is more than 1 MiB',
  );
  assertEquals(guest.printed.count, 1025);
});

Deno.test("execText() keeps the end of stderr", async () => {
  const flood = Array.from(
    { length: 1000 },
    (_, n) => ["stderr", `${n} ${"x".repeat(999)}\n`] as const,
  );
  const { lastLines } = await execText(guestThatPrints(flood), ["cmd"]);
  assertEquals(lastLines(5000).length < 70, true);
  assertEquals(lastLines(1)[0]?.slice(0, 4), "999 ");
});
