import { join } from "@std/path";
import { findProgram } from "../../base/process/find_program.ts";
import { $ } from "../../base/process/dollar.ts";
import { isRecord, readVerdict, writeVerdict } from "../../base/files/verdict_cache.ts";

/** Where a compiler's libraries lie, as it said when it was this file. */
interface KnownSysroot {
  readonly path: string;
  readonly bytes: number;
  readonly changedMs: number;
  readonly sysroot: string;
}

/**
 * A compiler's sysroot, e.g. `/usr`; `undefined` if it does not run. Remembered while the file is
 * unchanged, except for rustup's proxy, whose toolchain may change.
 */
export async function rustSysroot(
  rustc: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = findProgram(rustc);
  if (found === undefined) return undefined;
  const known = await readVerdict("rust", isKnown);
  const { path, bytes, changedMs } = found;
  if (known?.path === path && known.bytes === bytes && known.changedMs === changedMs) {
    return known.sysroot;
  }
  const { code, stdout } = await $`${rustc} --print sysroot`.signal(signal).noThrow();
  const sysroot = stdout.trim();
  if (code !== 0 || sysroot === "") return undefined;
  if (path === join(sysroot, "bin/rustc")) await writeVerdict("rust", { ...found, sysroot });
  return sysroot;
}

function isKnown(value: unknown): value is KnownSysroot {
  return isRecord(value) && typeof value.path === "string" && typeof value.bytes === "number" &&
    typeof value.changedMs === "number" && typeof value.sysroot === "string";
}
