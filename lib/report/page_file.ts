import { dirname } from "@std/path";
import { outputPath } from "../cli/output_path.ts";
import { atomicWrite, sweepTemporary, tryAtomicWrite } from "../base/files/atomic_write.ts";
import type { TaskContext } from "../cli/context.ts";
import { HostError } from "../base/errors.ts";
import { type Page, renderPage } from "./page.ts";

/**
 * The file of `--html`, relative to the user's directory. Creates its directory, except with
 * `--dry-run`. Throws a UsageError before anything is built if it cannot be written.
 */
export async function pageTarget(
  wanted: string | undefined,
  { dryRun }: Pick<TaskContext, "dryRun">,
): Promise<string | undefined> {
  if (wanted === undefined) return undefined;
  return await outputPath(wanted, {
    action: "write a page to",
    noun: "a file",
    whyNot: async (path) => {
      const isDir = await Deno.stat(path).then((info) => info.isDirectory, () => false);
      if (isDir || wanted.endsWith("/")) return "it is a directory";
      return dryRun ? undefined : await whyNotWritable(path);
    },
  });
}

/** Writes a page and says where it is. Throws a HostError if that fails. */
export async function writePage(
  { log }: Pick<TaskContext, "log">,
  path: string,
  page: Page,
): Promise<void> {
  try {
    await sweepTemporary(dirname(path));
    await atomicWrite(path, renderPage(page));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new HostError(`Cannot write the page ${JSON.stringify(path)}: ${error.message}`, {
      next: "free space, or name another file with --html",
      cause: error,
    });
  }
  log.info(`The page is ${path}`);
}

async function whyNotWritable(path: string): Promise<string | undefined> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await tryAtomicWrite(path);
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.AlreadyExists) {
      return "a part of its path is not a directory";
    }
    if (!isRefusal(error)) throw error;
    return error.message;
  }
}

/** Whether the system refused to write: such errors have a code. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && "code" in error;
}
