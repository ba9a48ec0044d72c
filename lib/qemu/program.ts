import { HostError } from "../base/errors.ts";
import { findProgram } from "../base/process/find_program.ts";
import { sha256File } from "../base/files/file_digest.ts";
import { $ } from "../base/process/dollar.ts";
import { programIdentity } from "../host/tools/tools.ts";
import { isRecord, readVerdict, writeVerdict } from "../base/files/verdict_cache.ts";

/** The properties of a QEMU program that affect guests. */
export interface QemuProgram {
  /** Of the executed file. */
  readonly sha256: string;
  /** What its aliases stand for: `q35` for `pc-q35-7.2`. */
  readonly machines: Readonly<Record<string, string>>;
}

type Remembered = QemuProgram & { readonly identity: string };

/**
 * The properties of a QEMU program, cached (finding them takes 0.25 s). Throws {@link HostError}.
 */
export async function qemuProgram(binary: string, signal?: AbortSignal): Promise<QemuProgram> {
  const identity = await programIdentity(binary);
  const path = findProgram(binary)?.path;
  if (identity === undefined || path === undefined) {
    throw new HostError(`Cannot start a guest: "${binary}" is not installed`, {
      next: "deno task check --install",
    });
  }
  const known = await readVerdict(binary, isRemembered);
  if (known?.identity === identity) return known;
  const sha256 = await sha256File(path);
  const help = await $`${binary} -machine help`.signal(signal).noThrow();
  // Starting a guest will fail too, and show why.
  if (help.code !== 0) return { sha256, machines: {} };
  const program = { identity, sha256, machines: parseAliases(help.stdout) };
  await writeVerdict(binary, program);
  return program;
}

/** A machine with its version, options kept: `virt,gic-version=3` is `virt-7.2,gic-version=3`. */
export function pinMachine(machine: string, { machines }: QemuProgram): string {
  const [type = "", ...options] = machine.split(",");
  return [machines[type] ?? type, ...options].join(",");
}

/** The aliases in the answer of `-machine help`. */
export function parseAliases(help: string): Record<string, string> {
  const aliases: Record<string, string> = {};
  for (const line of help.split("\n")) {
    const match = /^(\S+)\s.*\(alias of (\S+)\)/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) aliases[match[1]] = match[2];
  }
  return aliases;
}

function isRemembered(value: unknown): value is Remembered {
  return isRecord(value) && typeof value.identity === "string" &&
    typeof value.sha256 === "string" && isRecord(value.machines) &&
    Object.values(value.machines).every((name) => typeof name === "string");
}
