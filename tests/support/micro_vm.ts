import { assertEquals } from "@std/assert";
import { startLogs } from "../../lib/base/files/log_files.ts";
import { MICRO_SIZE } from "../../lib/micro/micro_machine.ts";
import { type MicroVm, type OpenMicroOptions, openMicroVm } from "../../lib/micro/micro_guest.ts";
import { useEnvironment } from "./environment.ts";
import type { Sandbox } from "./harness.ts";
import { assertNoBug, documentOf } from "./outcome.ts";

/** The architecture of the microVMs that tests boot. */
export const ARCH = Deno.build.arch;
/** How long building all parts of a microVM may take here. */
export const BUILD_MS = 600_000;

/** Builds a part in the checkout's own images, once for all tests. */
export async function buildPart(box: Sandbox, task: string, ...args: string[]) {
  const outcome = await box.task(task, [...args, "--json"], { timeoutMs: BUILD_MS });
  assertEquals(outcome.code, 0, outcome.stderr);
  assertNoBug(outcome);
  return documentOf(outcome).parts as { name: string; built: boolean; files: string[] }[];
}

let raws: Promise<void> | undefined;

/** Builds what a `raw` microVM with the distribution's kernel takes, for the first test that asks. */
export function buildRaw(box: Sandbox): Promise<void> {
  return raws ??= (async () => {
    await buildPart(box, "build-initramfs");
    await buildPart(box, "build-qcow2", "raw");
  })();
}

/** Arguments of `vm-run` for such a microVM. */
export const raw = (...args: string[]) => ["raw", "--kernel", "distribution", ...args];

/** Uses such a microVM from within the test, with the sandbox's state and logs. */
export async function withMicroVm(
  box: Sandbox,
  options: Partial<Pick<OpenMicroOptions, "memoryMiB" | "cores">>,
  use: (vm: MicroVm, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  using _env = useEnvironment(box.env);
  const { signal } = new AbortController();
  await using logs = await startLogs("micro-vm");
  await using vm = await openMicroVm({
    ...{ variant: "raw", arch: ARCH, accelerator: "auto", kernel: "distribution" },
    ...{ network: "none", ...MICRO_SIZE, logs, signal },
    ...options,
  });
  await use(vm, signal);
}
