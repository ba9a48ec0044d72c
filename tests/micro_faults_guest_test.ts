// What befalls a microVM and its agent, in real guests.
import { delay } from "@std/async";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { GuestError } from "../lib/base/errors.ts";
import type { AgentClient } from "../lib/guest/agent/client.ts";
import { AgentError } from "../lib/guest/agent/agent_errors.ts";
import { makeSandbox } from "./support/harness.ts";
import { buildRaw, raw, withMicroVm } from "./support/micro_vm.ts";
import { assertFailure, killHard } from "./support/outcome.ts";

const MIB = 2 ** 20;
const sh = (script: string) => ["sh", "-c", script];

/** The agent still does what it is there for. */
async function assertServes(agent: AgentClient): Promise<void> {
  let text = "";
  const { code } = await agent.exec({
    argv: ["echo", "here"],
    onStdout: (bytes) => void (text += new TextDecoder().decode(bytes)),
  });
  assertEquals([code, text], [0, "here\n"]);
}

Deno.test("a command that takes all memory is ended by name, and the agent lives on", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  await withMicroVm(box, { memoryMiB: 192 }, async ({ agent }) => {
    const result = await agent.exec({ argv: ["tail", "/dev/zero"], timeoutMs: 600_000 });
    assertEquals([result.signal, result.oom, result.timedOut], [9, true, false]);
    // The next command of the same group was not killed.
    const next = await agent.exec({ argv: sh("kill -9 $$") });
    assertEquals([next.signal, next.oom], [9, false]);
    await assertServes(agent);
  });
  assertFailure(await box.task("vm-run", raw("--memory", "192", "--", "tail", "/dev/zero")), {
    exit: 4,
    says: ['Cannot finish "tail" in guest "raw-', "out of memory", "next: pass a larger --memory"],
  });
  await box.assertClean();
});

Deno.test("a fork bomb hits its bound, and its end leaves nothing", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  await withMicroVm(box, {}, async ({ agent, guest }, signal) => {
    const bomb = agent.exec({
      argv: sh("bomb() { bomb | bomb & }; bomb; sleep 600"),
      ...{ timeoutMs: 6000, signal, onStderr: () => {} },
    });
    // It takes every process that commands may have; the agent is not under that bound.
    let isOver = false;
    const result = bomb.finally(() => isOver = true);
    result.catch(() => {});
    while (!isOver) {
      await agent.ping({ signal });
      await Promise.race([result, delay(500)]);
    }
    assert((await result).timedOut, JSON.stringify(await result));
    let left = "";
    await agent.exec({
      argv: sh("ls -d /proc/[0-9]*/exe | wc -l"),
      onStdout: (bytes) => void (left += new TextDecoder().decode(bytes)),
    });
    assert(Number(left) < 150, `${left} processes are left`);
    await assertServes(agent);
    assertEquals((await guest.qmp.execute("query-status")).status, "running");
  });
});

Deno.test("1 GiB of output arrives whole, and is not kept in memory", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  await withMicroVm(box, {}, async ({ agent }) => {
    const wanted = 1024 * MIB;
    let bytes = 0;
    let most = 0;
    const before = Deno.memoryUsage().rss;
    const { code } = await agent.exec({
      argv: ["head", "-c", String(wanted), "/dev/zero"],
      onStdout(piece) {
        bytes += piece.length;
        most = Math.max(most, Deno.memoryUsage().rss - before);
      },
    });
    assertEquals([code, bytes], [0, wanted]);
    assert(most < 256 * MIB, `${most} bytes more than before`);
    await assertServes(agent);
  });
});

Deno.test("a full disk is an error of the command or the file, and of nothing else", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  await withMicroVm(box, {}, async ({ agent }) => {
    const fill = 'fallocate -l $(($(stat -f -c "%a * %S" /))) /fill; dd if=/dev/zero of=/rest';
    let stderr = "";
    const { code } = await agent.exec({
      argv: sh(fill),
      onStderr: (bytes) => void (stderr += new TextDecoder().decode(bytes)),
    });
    assert(code !== 0);
    assertStringIncludes(stderr, "No space left on device");
    const error = await assertRejects(
      () => agent.writeFile("/more", new Uint8Array(MIB)),
      AgentError,
    );
    assertEquals(error.code, "ENOSPC");
    let names = "";
    await agent.exec({
      argv: sh("ls -A / | grep more; rm /fill /rest"),
      onStdout: (bytes) => void (names += new TextDecoder().decode(bytes)),
    });
    assertEquals(names, "", "nothing of the file is left");
    assertEquals(await agent.writeFile("/more", new Uint8Array(MIB)), MIB);
  });
});

Deno.test("no command in the guest can end the agent", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  await withMicroVm(box, {}, async ({ agent }) => {
    await agent.exec({ argv: sh("kill -9 1; kill -SEGV 1; kill -HUP 1; sleep 0.2") });
    await assertServes(agent);
  });
});

Deno.test("a guest that panics, or whose QEMU is killed, ends what waits for it", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const crash = "echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger; sleep 60";
  assertFailure(await box.task("vm-run", raw("--eval", crash)), {
    exit: 4,
    says: ['guest "raw-', "next: "],
  });
  await withMicroVm(box, {}, async ({ agent, guest }) => {
    const running = agent.exec({ argv: ["sleep", "600"] });
    Deno.kill(guest.pid, "SIGKILL");
    const error = await assertRejects(() => running, GuestError);
    assertStringIncludes(error.message, 'run "sleep"');
  });
  await box.assertClean();
});

Deno.test("vm-run that is killed during a command leaves no guest", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const task = box.start("vm-run", raw("--eval", "echo started; sleep 600"));
  await task.waitFor(/started/);
  await killHard(task);
  await box.assertClean({ runs: false });
  // What it left does not stand in the way of the next one, which removes it.
  const next = await box.task("vm-run", raw("--", "true"));
  assertEquals(next.code, 0, next.stderr);
  await box.assertClean();
});
