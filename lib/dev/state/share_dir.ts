import { isAbsolute } from "@std/path";
import { HostError, UsageError } from "../../base/errors.ts";
import { ownScript } from "../../base/process/own_script.ts";
import { $ } from "../../base/process/dollar.ts";

interface ShareDirOptions {
  /** Absolute path of the host's directory. */
  readonly dir: string;
  readonly readOnly: boolean;
  /** The words before the program that serves it; see `chooseOwnership()`. */
  readonly wrapper?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Run as the user that serves the directory. */
const PROBE = ownScript("probe_share.sh", import.meta.url);
/** What it exits with. */
const CLOSED = 3;
const READ_ONLY = 4;

/**
 * Checks a directory to share. Throws {@link UsageError} or, for lack of access, {@link HostError}.
 */
export async function checkShareDir(options: ShareDirOptions): Promise<void> {
  const { dir, readOnly, wrapper = [], signal } = options;
  const cannot = `Cannot share "${dir}" with the guest`;
  if (!isAbsolute(dir)) throw new UsageError(`${cannot}: it is not an absolute path`);
  const info = await Deno.stat(dir).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  const change = "pass --project DIR with the project's directory";
  if (info === undefined) {
    throw new UsageError(`${cannot}: there is no such directory`, {
      next: `mkdir -p '${dir.replaceAll("'", "'\\''")}', or ${change}`,
    });
  }
  if (!info.isDirectory) {
    throw new UsageError(`${cannot}: it is not a directory`, { next: change });
  }
  if (await Deno.realPath(dir) === "/") {
    throw new UsageError(`${cannot}: the guest would see the whole host`, {
      next: change,
    });
  }
  const { code, stderr } = await $`${wrapper} ${PROBE} ${dir}`.signal(signal).noThrow();
  if (code === 0 || (code === READ_ONLY && readOnly)) return;
  const mode = ((info.mode ?? 0) & 0o7777).toString(8);
  const details = [`owner: uid ${info.uid}, mode: ${mode}; this user: uid ${Deno.uid()}`];
  if (code === CLOSED) {
    throw new HostError(`${cannot}: this user may not enter it`, {
      details,
      next: "run the task as the owner of the directory, or give this user access with chmod",
    });
  }
  if (code === READ_ONLY) {
    throw new HostError(`${cannot}: this user may not write to it`, {
      details,
      next: "pass --read-only, or run the task as the owner of the directory",
    });
  }
  throw new HostError(`${cannot}: it cannot be examined`, {
    details: stderr.split("\n").filter((line) => line !== "").slice(-3),
    next: "pass --share rsync",
  });
}
