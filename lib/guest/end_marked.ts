import { MARK, type Mark } from "../base/process/marked.ts";
import type { GuestCommands } from "./guest_commands.ts";
import type { SshConnection } from "./ssh.ts";

/** It runs in the guest. */
const SCRIPT = new URL("../base/process/end_marked.sh", import.meta.url);

/** How long the guest may take for it. */
const END_MS = 10_000;

/** Ends the processes with a mark in a guest that stays up. Throws nothing. */
export async function endMarked(
  ssh: Pick<SshConnection, "exec">,
  mark: Mark,
  { asRoot }: Pick<GuestCommands, "asRoot">,
): Promise<void> {
  const script = await Deno.readTextFile(SCRIPT);
  const argv = asRoot(["sh", "-c", script, "sh", MARK, mark[MARK]]);
  await ssh.exec(argv, { timeoutMs: END_MS }).catch(() => {});
}
