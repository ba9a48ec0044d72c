import type { TaskContext } from "../cli/context.ts";
import { UsageError } from "../cli/errors.ts";
import type { OptionSpec } from "../cli/spec.ts";
import { KERNEL_CHOICES, MICRO_NETWORKS } from "./micro_machine.ts";
import { ARCHS, VARIANTS } from "../config/parts.ts";

/** What `vm-run` takes for microVMs only. */
export const MICRO_OPTIONS: readonly OptionSpec[] = [
  {
    name: "arch",
    type: "string",
    value: "ARCH",
    choices: ARCHS,
    help: "a variant's architecture (default: the host's)",
  },
  {
    name: "eval",
    type: "string",
    value: "CODE",
    help: "instead of CMD: code in the variant's language (raw: sh)",
  },
  {
    name: "upload",
    type: "string",
    value: "FILE:GUEST",
    repeat: true,
    help: "copy a file into a variant's guest first, to an absolute path",
  },
  {
    name: "download",
    type: "string",
    value: "GUEST:FILE",
    repeat: true,
    help: "copy a file out of a variant's guest at the end",
  },
  {
    name: "network",
    type: "string",
    value: "NAME",
    choices: MICRO_NETWORKS,
    help: "a variant's network: none, the host's by QEMU, or by gvproxy (default: none)",
  },
  {
    name: "kernel",
    type: "string",
    value: "NAME",
    choices: KERNEL_CHOICES,
    help: "a variant's kernel (default: the one of build-kernel, if it has been built)",
  },
];

/** Refuses options of microVMs for a platform. */
export function refuseMicroOptions(ctx: TaskContext, platform: string): void {
  const given = MICRO_OPTIONS.find(({ name }) => {
    const value = ctx.values[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  if (given === undefined) return;
  throw new UsageError(
    `Cannot use --${given.name} with platform "${platform}": it is for ${VARIANTS.join(", ")}`,
    { next: "deno task vm-run --help" },
  );
}

/** There must be something to run. */
export function requireCommand(ctx: TaskContext): void {
  if (ctx.rest.length > 0) return;
  throw new UsageError('Cannot run "vm-run": missing argument -- CMD', {
    next: "deno task vm-run --help",
  });
}
