import { join } from "@std/path";
import { spawnOwned } from "../base/process/process.ts";
import type { QmpClient } from "./qmp.ts";
import { qmpArgs, qmpCallArgs } from "./args.ts";
import { listenQmp } from "./qmp_listen.ts";

/** A real QEMU for tests: stopped before its first instruction, so that no guest runs. */
export interface PausedQemu extends AsyncDisposable {
  readonly qmp: QmpClient;
  /** A second QMP socket, for later clients. */
  readonly socketPath: string;
  /** QEMU's own pid. */
  readonly pid: number;
  /** A directory that goes away with it. */
  readonly dir: string;
  readonly status: Promise<unknown>;
}

/** Starts QEMU with `-S` and the machine without devices, or whatever `args` ask for. */
export async function startPausedQemu(
  args: readonly string[] = ["-machine", "none"],
): Promise<PausedQemu> {
  const stack = new AsyncDisposableStack();
  try {
    const dir = await Deno.makeTempDir({ prefix: "gh-qemu-" });
    stack.defer(() => Deno.remove(dir, { recursive: true }));
    const socketPath = join(dir, "qmp");
    const pidfile = join(dir, "pid");
    const listener = stack.use(listenQmp(join(dir, "call")));
    const qemu = stack.use(spawnOwned([
      ...["qemu-system-x86_64", "-S", "-display", "none", "-nodefaults", "-accel", "tcg"],
      ...[...qmpArgs(socketPath), ...qmpCallArgs(listener.path), "-pidfile", pidfile],
      ...args,
    ]));
    const qmp = stack.use(await listener.accept({ name: "test", exited: qemu.status }));
    return {
      qmp,
      socketPath,
      pid: Number(await Deno.readTextFile(pidfile)),
      dir,
      status: qemu.status,
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
