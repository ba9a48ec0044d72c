/** A task for the tests: its first argument says how it ends. */
import { GuestError, WorkError } from "../../base/errors.ts";
import { LiveTable } from "../../base/terminal/table.ts";
import { HOSTILE } from "./hostile.ts";
import { type ContextOf, runTask, type TaskContext, type TaskSpec } from "../task.ts";

export const spec = {
  name: "sample",
  summary: "End in many ways",
  positionals: [{ name: "MODE", help: "how to end", required: true }],
  rest: { name: "CMD", help: "what to pass through" },
  options: [{ name: "memory", type: "number", unit: "MiB", min: 128, help: "guest memory" }],
  examples: [{ goal: "End well", command: "deno task sample ok" }],
  group: "test",
} as const satisfies TaskSpec;

const MODES: Record<string, (ctx: ContextOf<typeof spec>) => Promise<number | void>> = {
  ok: async () => {},
  async context(ctx) {
    ctx.log.step("Look around");
    await Promise.resolve();
    ctx.print(`args ${ctx.positionals.join(" ")} rest ${JSON.stringify(ctx.rest)}`);
    ctx.result({ ok: true, memory: ctx.opt.memory ?? null, dryRun: ctx.dryRun });
  },
  status: () => Promise.resolve(42),
  async fail(ctx) {
    ctx.result({ ok: true, platforms: ["debian-amd64"] });
    await Promise.resolve();
    throw new WorkError('Cannot build "hello": the compiler failed', {
      details: ["main.c:1: error"],
      next: "see logs/hello.log",
    });
  },
  /** Says what a hostile guest may say in every way that a task has. */
  async hostile(ctx) {
    ctx.log.step(HOSTILE);
    ctx.log.info(HOSTILE);
    ctx.log.warn(HOSTILE);
    ctx.log.error(HOSTILE);
    ctx.log.debug(HOSTILE);
    ctx.print(HOSTILE);
    using table = new LiveTable([HOSTILE]);
    table.phase(HOSTILE, HOSTILE);
    table.line(HOSTILE, HOSTILE);
    table.finish(HOSTILE, "fail", HOSTILE);
    ctx.result({ ok: true, name: HOSTILE });
    await Promise.resolve();
    throw new GuestError(HOSTILE, {
      details: [HOSTILE, "next: rm -rf /"],
      next: HOSTILE,
      cause: new Error(HOSTILE),
    });
  },
  async hostileBug() {
    await Promise.resolve();
    throw new TypeError(HOSTILE);
  },
  async bug() {
    await Promise.resolve();
    throw new TypeError("undefined is not a guest\nsecond line");
  },
  fullDisk: () => Promise.reject(new Error("No space left on device (os error 28)")),
  async lostPromise(ctx) {
    await using stack = new AsyncDisposableStack();
    stack.defer(() => ctx.log.info("cleaned up"));
    Promise.reject(new TypeError("nobody awaits this"));
    await untilAborted(ctx);
  },
  async lostException(ctx) {
    setTimeout(() => {
      throw new WorkError("Cannot watch the console: it is closed");
    });
    await untilAborted(ctx);
  },
  async denied() {
    await Deno.writeTextFile("never-written", "");
  },
  async cleanup() {
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Promise.reject(new WorkError('Cannot remove "overlay": it is busy')));
    throw new WorkError('Cannot build "hello": the compiler failed');
  },
  async lines(ctx) {
    // More than a pipe holds, so that the reader's end is noticed.
    for (let line = 0; line < 20_000; line++) ctx.print(`line ${line}`);
    await Promise.resolve();
  },
  async wait(ctx) {
    await untilAborted(ctx);
    ctx.signal.throwIfAborted();
  },
  async swallow(ctx) {
    await untilAborted(ctx);
  },
  async badCleanup(ctx) {
    await untilAborted(ctx);
    throw new WorkError('Cannot remove "overlay": it is busy');
  },
  /** Cleans up until its standard input ends. */
  async slowCleanup(ctx) {
    await untilAborted(ctx);
    using _ = ctx.waitingFor('guest "debian-amd64" to shut down');
    ctx.log.info("cleaning");
    await Deno.stdin.read(new Uint8Array(1));
    ctx.log.info("clean");
  },
  async confirm(ctx) {
    const { confirm } = await import("../prompt.ts");
    ctx.log.debug(`pid ${Deno.pid}`);
    ctx.print(`answer ${await confirm("Install qemu-system-x86?", ctx)}`);
  },
};

async function untilAborted(ctx: TaskContext): Promise<void> {
  ctx.log.step("Boot debian-amd64");
  // A pending promise alone does not keep the process alive; a guest would.
  const timer = setInterval(() => {}, 1000);
  const aborted = Promise.withResolvers<void>();
  ctx.signal.addEventListener("abort", () => aborted.resolve());
  ctx.log.info("ready");
  await aborted.promise;
  clearInterval(timer);
}

if (import.meta.main) {
  await runTask(spec, async (ctx) => await MODES[ctx.positionals[0]]!(ctx));
}
