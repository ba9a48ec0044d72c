import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { $ } from "../base/process/dollar.ts";
import { processStartTime } from "../base/process/start_time.ts";
import {
  remoteCommand,
  remoteKillText,
  type RemotePlace,
  ReportFilter,
  type Reports,
} from "./remote_command.ts";
import { startClient } from "./ssh_client.ts";

/** Runs a remote command in a real shell here, as sshd does there. */
async function runHere(argv: readonly string[], place: RemotePlace = {}) {
  const { text, nonce } = remoteCommand(argv, place);
  const filter = new ReportFilter(nonce);
  const decoder = new TextDecoder();
  let stdout = "", stderr = "";
  await using client = startClient(["sh", "-c", text], {
    env: {},
    onStdout: (piece) => stdout += decoder.decode(piece),
    onStderr: (piece) => {
      stderr += decoder.decode(piece === undefined ? filter.flush() : filter.push(piece));
    },
  });
  await client.ended;
  return { stdout, stderr, ...filter.reports };
}

Deno.test("remoteCommand() reports status 255 as the command's own", async () => {
  const { exit, stderr } = await runHere(["sh", "-c", "echo err >&2; exit 255"]);
  assertEquals([exit, stderr], [255, "err\n"]);
});

Deno.test("remoteCommand() reports the signal that ended a command", async () => {
  assertEquals((await runHere(["sh", "-c", "kill -TERM $$"])).exit, 128 + 15);
});

Deno.test("remoteCommand() reports a program that the guest lacks", async () => {
  assertEquals((await runHere(["guesthouse-no-such-program"])).exit, 127);
});

Deno.test("remoteCommand() runs in its directory, with any values of its variables", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gh-remote-" });
  try {
    const cwd = `${dir}/-a 'b' "c"\n$(id)`;
    await Deno.mkdir(cwd);
    const { stdout, exit } = await runHere(["sh", "-c", 'pwd; printf %s "$V"'], {
      cwd,
      env: { V: "x='1'\n$HOME" },
    });
    assertEquals([stdout, exit], [`${cwd}\nx='1'\n$HOME`, 0]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("remoteCommand() reports a directory that does not exist, and runs nothing", async () => {
  const { stdout, exit, noDir } = await runHere(["echo", "ran"], { cwd: "/nonexistent" });
  assertEquals([stdout, exit, noDir], ["", undefined, true]);
});

Deno.test("remoteCommand() reports nothing when its shell is killed", async () => {
  const { exit, pid } = await runHere(["sh", "-c", "kill -KILL $PPID; kill -KILL $PPID"]);
  assertEquals([exit, typeof pid], [undefined, "number"]);
});

Deno.test("remoteCommand() refuses what cannot be run", () => {
  assertThrows(() => remoteCommand([]), TypeError, "Cannot run an empty command");
  assertThrows(
    () => remoteCommand(["true"], { env: { "a-b": "" } }),
    TypeError,
    'Cannot set "a-b": it is not a name for an environment variable',
  );
  assertThrows(
    () => remoteCommand(["echo", "x".repeat(130_000)]),
    RangeError,
    'Cannot run "echo": its command line takes 130',
  );
});

Deno.test("remoteKillText() ends a whole process group, also one that ignores TERM", async () => {
  for (const prepare of ["", "trap '' TERM; "]) {
    const { text, nonce } = remoteCommand(["sh", "-c", `${prepare}sleep 3600 & echo $!; wait`]);
    const filter = new ReportFilter(nonce);
    const sleeping = Promise.withResolvers<number>();
    await using client = startClient(["sh", "-c", text], {
      env: {},
      onStdout: (piece) => sleeping.resolve(Number(new TextDecoder().decode(piece))),
      onStderr: (piece) => void filter.push(piece ?? new Uint8Array()),
    });
    const pid = await sleeping.promise;
    assertEquals(typeof await processStartTime(pid), "string");
    await $`sh -c ${remoteKillText(filter.reports.pid ?? 0)}`.noThrow();
    await client.ended;
    assertEquals(await processStartTime(pid), undefined);
  }
});

Deno.test("ReportFilter removes the reports however the bytes are split", () => {
  const nonce = "3f2b";
  const bytes = new TextEncoder().encode(
    `a\x1e${nonce} pid 12\x1eb\x1eother\x1e c\x1e${nonce} exit 255\x1ed\x1e3f`,
  );
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (sizes) => {
    const filter = new ReportFilter(nonce);
    const decoder = new TextDecoder();
    let shown = "";
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length] ?? 1;
      shown += decoder.decode(filter.push(bytes.subarray(at, at + size)));
      at += size;
    }
    shown += decoder.decode(filter.flush());
    assertEquals(shown, "ab\x1eother\x1e cd\x1e3f");
    assertEquals(filter.reports, { pid: 12, exit: 255 } as Reports);
  }));
});

Deno.test("ReportFilter lets any other bytes through unchanged", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (pieces) => {
    const filter = new ReportFilter("nonce");
    const shown = [...pieces.flatMap((piece) => [...filter.push(piece)]), ...filter.flush()];
    assertEquals(shown, pieces.flatMap((piece) => [...piece]));
    assertEquals(filter.reports, {});
  }));
});

Deno.test("ReportFilter delays no output that is not a report", () => {
  const filter = new ReportFilter("nonce");
  assertEquals(
    new TextDecoder().decode(filter.push(new TextEncoder().encode("prompt> "))),
    "prompt> ",
  );
  assertMatch(remoteCommand(["true"]).nonce, /^[0-9a-f-]{36}$/);
});
