import { join } from "@std/path";
import type { ConsoleCause } from "./console_causes.ts";
import { knownHostsLine } from "./ssh_config.ts";
import type { Keys } from "../host/keys.ts";
import { RUN_FILES } from "../base/files/paths.ts";

/** A run's directories, as far as a connection needs them. */
interface RunPlace {
  readonly dir: string;
  readonly socketDir: string;
}

/** Path of the socket on which a task serves the proxy of a guest that it has started. */
export const proxySocket = ({ socketDir }: Pick<RunPlace, "socketDir">) => join(socketDir, "proxy");

/** Boots a guest, and once more if it hung: a fault of the emulator that users cannot change. */
export async function bootTwice<Booted>(
  boot: () => Promise<Booted>,
  onNote: (text: string, level: "info" | "warning") => void,
): Promise<Booted> {
  try {
    return await boot();
  } catch (error) {
    const lockup = lockupIn(error);
    if (lockup === undefined) throw error;
    onNote(`${lockup.message}, so it is started again`, "warning");
    return await boot();
  }
}

/** The error that says so, in a chain of causes. */
function lockupIn(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  const cause = error.cause as Partial<ConsoleCause> | undefined;
  return cause?.kind === "lockup" ? error : lockupIn(cause);
}

/** How to reach a guest; also pins its host key in the run's directory. */
export async function sshTarget(run: RunPlace, keys: Keys, port: number, user: string) {
  const knownHosts = join(run.dir, RUN_FILES.knownHosts);
  await Deno.writeTextFile(knownHosts, knownHostsLine(keys.hostPublic));
  return { host: "127.0.0.1", port, user, key: keys.clientKey, knownHosts };
}
