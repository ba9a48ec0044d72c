import { dirname, join } from "@std/path";
import { keepFile, keptState } from "../store/vouched.ts";
import { HostError } from "../base/errors.ts";
import { confirm } from "../cli/prompt.ts";
import type { TaskContext } from "../cli/context.ts";
import { findProgram } from "../base/process/find_program.ts";
import { root } from "../base/files/paths.ts";
import { $ } from "../base/process/dollar.ts";
import { type OwnedProcess, spawnOwned } from "../base/process/process.ts";
import { settlesWithin } from "../base/time/wait.ts";

/** A version with a control for its SSH forward; Go's checksum database vouches for the sources. */
const MODULE = "github.com/containers/gvisor-tap-vsock/cmd/gvproxy@v0.8.9";
/** Where it is built; permission sets name it, so it does not follow `GUESTHOUSE_IMAGES`. */
const BUILT = join(root, "images/cache/bin/gvproxy");
const BUILD_MS = 600_000;
/** How long it may take until it listens, on a busy host. */
const START_MS = 10_000;
const POLL_MS = 10;

/** Path of gvproxy, built here with the user's consent. Throws {@link HostError} otherwise. */
export async function ensureGvproxy(
  ctx: Pick<TaskContext, "yes" | "interactive" | "signal" | "log">,
  { find = findProgram, built = BUILT, buildMs = BUILD_MS }: {
    readonly find?: (name: string) => { readonly path: string } | undefined;
    readonly built?: string;
    readonly buildMs?: number;
  } = {},
): Promise<string> {
  const found = find("gvproxy")?.path ??
    (await keptState(built) === "whole" ? built : undefined);
  if (found !== undefined) return found;
  const go = find("go")?.path;
  if (go === undefined) {
    throw new HostError(
      "Cannot give the guest a network: gvproxy is missing, and so is Go to build it",
      {
        next: "install Go (https://go.dev/dl) or gvproxy, or pass --network user",
      },
    );
  }
  if (!await confirm(`Build gvproxy (go install ${MODULE})?`, ctx)) {
    throw new HostError("Cannot give the guest a network: gvproxy is missing", {
      next: `GOBIN=${dirname(built)} go install ${MODULE}, or the same command with --yes`,
    });
  }
  ctx.log.step(`Build gvproxy: go install ${MODULE}`);
  await $`${go} install ${MODULE}`.what("build gvproxy").env({ GOBIN: dirname(built) })
    .with({ environment: "user", signal: ctx.signal, timeoutMs: buildMs })
    .then(undefined, (error) => {
      throw error instanceof DOMException && error.name === "TimeoutError"
        ? lateError(buildMs)
        : error;
    });
  await keepFile(built, built);
  return built;
}

function lateError(buildMs: number): HostError {
  return new HostError(`Cannot build gvproxy: go did not end within ${buildMs / 1000} s`, {
    details: ["it fetches the sources from the Go module proxy"],
    next: "run it again with a working network, or pass --network user",
  });
}

/** Starts a gvproxy for one QEMU, without forwarded ports. Throws {@link HostError}. */
export async function startGvproxy(
  program: string,
  options: { readonly socket: string; readonly log: string; readonly signal: AbortSignal },
): Promise<OwnedProcess> {
  const { socket, log, signal } = options;
  const command = [program, "-listen-qemu", `unix://${socket}`, "-ssh-port", "-1"];
  const gvproxy = spawnOwned(command, { output: log });
  const end = performance.now() + START_MS;
  while (!await isThere(socket)) {
    const ended = await settlesWithin(gvproxy.status, POLL_MS) === "settled";
    if (!ended && performance.now() < end && !signal.aborted) continue;
    await gvproxy[Symbol.asyncDispose]();
    signal.throwIfAborted();
    const why = ended ? "it ended" : `it does not listen after ${START_MS / 1000} s`;
    throw new HostError(`Cannot start gvproxy: ${why}`, {
      details: [`its log: ${log}`],
      next: "pass --network user",
    });
  }
  return gvproxy;
}

const isThere = (path: string): Promise<boolean> => Deno.stat(path).then(() => true, () => false);
