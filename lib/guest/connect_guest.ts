import { join } from "@std/path";
import type { ConsoleCause } from "./console_causes.ts";
import { knownHostsLine } from "./ssh_config.ts";
import type { Keys } from "../host/keys.ts";
import { RUN_FILES } from "../base/files/paths.ts";
import type { GuestLogs } from "../qemu/launch.ts";
import { BootTimeoutError } from "./readiness.ts";

/** A run's directories, as far as a connection needs them. */
interface RunPlace {
  readonly dir: string;
  readonly socketDir: string;
}

/** Path of the socket on which a task serves the proxy of a guest that it has started. */
export const proxySocket = ({ socketDir }: Pick<RunPlace, "socketDir">) => join(socketDir, "proxy");

/** Told how a start goes: `warning` where something is done another way, `again` at a second boot. */
export type OnNote = (text: string, level: "info" | "warning" | "again") => void;

/**
 * Boots a guest, and once more if it hung or was not ready in time and nothing says why: a fault of
 * the emulator or of a busy host, which users cannot change. The first console is kept.
 */
export async function bootTwice<Booted>(
  boot: () => Promise<Booted>,
  { console }: Pick<GuestLogs, "console">,
  onNote: OnNote,
): Promise<Booted> {
  try {
    return await boot();
  } catch (error) {
    const hung = hangIn(error);
    if (hung === undefined) throw error;
    const kept = console.replace(/(?:\.log)?$/, ".first.log");
    await Deno.rename(console, kept).catch(() => {});
    onNote(`${hung.message}, so it is started again; its first console is ${kept}`, "again");
    return await boot();
  }
}

/** The error that says so, in a chain of causes. */
function hangIn(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  const cause = error.cause as Partial<ConsoleCause> | undefined;
  return error instanceof BootTimeoutError || cause?.kind === "lockup" ? error : hangIn(cause);
}

/** How to reach a guest; also pins its host key in the run's directory. */
export async function sshTarget(run: RunPlace, keys: Keys, port: number, user: string) {
  const knownHosts = join(run.dir, RUN_FILES.knownHosts);
  await Deno.writeTextFile(knownHosts, knownHostsLine(keys.hostPublic));
  return { host: "127.0.0.1", port, user, key: keys.clientKey, knownHosts };
}
