import { dirname } from "@std/path";
import { atomicWrite, sweepTemporary, tryAtomicWrite } from "../base/files/atomic_write.ts";
import { AgentError } from "../guest/agent/agent_errors.ts";
import type { AgentClient } from "../guest/agent/client.ts";
import { bytesText } from "../base/text/bytes.ts";
import { WorkError } from "../base/errors.ts";
import { fullDiskError, isFullDisk } from "../base/files/full_disk.ts";
import { ARTIFACT_LIMIT_BYTES } from "../host/room.ts";
import { wordText } from "../base/text/command_text.ts";
import { writeAll } from "../base/files/write_all.ts";
import { hostFault } from "../base/files/host_fault.ts";

/** A file to copy into the guest before the command, or out of it afterwards. */
export interface FileTransfer {
  readonly host: string;
  readonly guest: string;
}

/** Why a file cannot be uploaded; `undefined` if it can. */
export async function whyNotUpload(path: string): Promise<string | undefined> {
  try {
    if (!(await Deno.stat(path)).isFile) return "it is not a file";
    (await Deno.open(path, { read: true })).close();
  } catch (error) {
    if (isAbsent(error)) return "it does not exist";
    if (error instanceof Deno.errors.PermissionDenied) return "it is not readable";
    return `it cannot be read: ${(error as Error).message}`;
  }
}

/** Why nothing can be downloaded to a path; `undefined` if it can. Leaves nothing behind. */
export async function whyNotDownload(path: string): Promise<string | undefined> {
  const info = await Deno.stat(path).catch(() => undefined);
  if (info?.isDirectory) return "it is a directory";
  if (info?.isFile === false) return undefined;
  const dir = dirname(path);
  try {
    await tryAtomicWrite(await behindLinks(path));
  } catch (error) {
    if (isAbsent(error)) return `there is no directory ${dir}`;
    if (error instanceof Deno.errors.PermissionDenied) return `${dir} may not be written to`;
    if (!(error instanceof Deno.errors.NotCapable)) return (error as Error).message;
    return "the permission set of this task does not include its directory";
  }
}

/** Copies a file of the host into the guest. Throws `HostError` if it cannot be read. */
export async function upload(
  agent: Pick<AgentClient, "writeFile">,
  { host, guest }: FileTransfer,
  signal: AbortSignal,
): Promise<void> {
  try {
    using file = await Deno.open(host, { read: true });
    const mode = ((await file.stat()).mode ?? 0o644) & 0o7777;
    await agent.writeFile(guest, chunks(file), { parents: true, mode, signal });
  } catch (error) {
    throw hostFault(`upload "${host}"`, error, `ls -l ${wordText(host)}`);
  }
}

/**
 * Copies a file of the guest to the host, replacing it when complete. Of its mode, only that it can
 * be executed is kept. Throws `HostError`.
 */
export async function download(
  agent: Pick<AgentClient, "exec" | "readFile">,
  { host, guest }: FileTransfer,
  signal: AbortSignal,
  limitBytes = ARTIFACT_LIMIT_BYTES,
): Promise<void> {
  const fill = async (path: string) => {
    using file = await Deno.open(path, { write: true });
    let left = limitBytes;
    await agent.readFile(guest, async (bytes) => {
      left -= bytes.length;
      if (left < 0) throw tooLong(guest, limitBytes);
      await writeAll(file, bytes, signal);
    }, { signal });
  };
  try {
    const info = await Deno.stat(host).catch(() => undefined);
    // A device or a pipe is written to directly; a rename would replace it with a file.
    if (info?.isFile === false) return await fill(host);
    const isProgram = await isExecutable(agent, guest, signal);
    // The umask applies to the mode of a new file; users who may read an old one may then run it.
    const before = info?.mode == null ? undefined : info.mode & 0o7777;
    const mode = isProgram ? (before ?? 0o777) | ((before ?? 0) & 0o444) >> 2 : before;
    const target = await behindLinks(host);
    await sweepTemporary(dirname(target));
    await atomicWrite(target, fill, mode === undefined ? {} : { mode });
  } catch (error) {
    if (isFullDisk(error)) {
      const facts = { said: error.message, paths: [dirname(host)], cause: error };
      throw await fullDiskError(`download to "${host}"`, facts);
    }
    throw hostFault(`download to "${host}"`, error, `ls -ld ${wordText(dirname(host))}`);
  }
}

/** The agent's protocol tells nothing of modes. Not of a file that is missing, or without a shell. */
async function isExecutable(
  agent: Pick<AgentClient, "exec">,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { code } = await agent.exec({ argv: ["sh", "-c", 'test -x "$0"', path], signal });
    return code === 0;
  } catch (error) {
    if (error instanceof AgentError) return false;
    throw error;
  }
}

const tooLong = (guest: string, limitBytes: number) =>
  new WorkError(
    `Cannot download "${guest}": it is longer than the ${bytesText(limitBytes)} that are allowed`,
    { next: "split it in the guest, or leave the guest running with --keep and use vm-ssh" },
  );

const isAbsent = (error: unknown): boolean =>
  error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;

/** The file that a link leads to, so that it is replaced and not the link. */
const behindLinks = (path: string): Promise<string> => Deno.realPath(path).catch(() => path);

/** A file as a stream that leaves it open. */
function chunks(file: Deno.FsFile): ReadableStream<Uint8Array> {
  const buffer = new Uint8Array(256 * 1024);
  return new ReadableStream({
    async pull(controller) {
      const length = await file.read(buffer);
      if (length === null) controller.close();
      else controller.enqueue(buffer.slice(0, length));
    },
  });
}
