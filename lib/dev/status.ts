import type { FlavourName } from "../config/dev_config.ts";
import { connectDev } from "./connect_dev.ts";
import { bytesOnDisk } from "./state/dev_files.ts";
import { loadFlavour } from "./load_flavour.ts";
import { findDevGuest } from "./guest_file.ts";
import { devFile } from "./state/dev_paths.ts";
import { whyPaused } from "./state/paused.ts";
import { isPathAbsent } from "../base/files/read_text.ts";
import type { DevRecord } from "./state/record.ts";
import { devState } from "./state/state.ts";
import { checkImage } from "../qemu/qcow2.ts";

/** What the record of a running guest says; `null` for one that is not running. */
type Recorded = {
  readonly [K in "since" | "sshPort" | "user" | "accelerator" | "memoryMiB" | "cores" | "share"]:
    | DevRecord[K]
    | null;
};

/** The guest as `arm-dev-status --json` prints it; `null` for unknown values. */
export interface DevStatus extends Recorded {
  readonly name: string;
  readonly state: "none" | "stopped" | "running";
  readonly flavour: FlavourName | null;
  readonly created: string | null;
  /** Why its record is no longer valid. */
  readonly stale: string | null;
  /** Why QEMU has paused it. */
  readonly paused: string | null;
  readonly seconds: number | null;
  readonly pid: number | null;
  /** Which generation of its configuration it runs. */
  readonly generation: string | null;
  readonly disk:
    | { readonly path: string; readonly bytes: number; readonly sizeBytes: number }
    | null;
}

/** How long the guest may take to report its generation. */
const ASK_MS = 10_000;

/** Determines the status of a guest. Changes nothing: a record that is no longer valid stays. */
export async function devStatus(name: string, signal: AbortSignal): Promise<DevStatus> {
  const guest = await findDevGuest(name);
  const state = await devState(name);
  const record = state.kind === "running" ? state.record : undefined;
  const paused = record === undefined ? null : await whyPaused(record, signal) ?? null;
  const recorded = <K extends keyof DevRecord>(field: K) => record?.[field] ?? null;
  return {
    name,
    state: record !== undefined ? "running" : guest === undefined ? "none" : "stopped",
    flavour: guest?.flavour ?? recorded("flavour"),
    created: guest?.created ?? null,
    stale: state.kind === "stale" ? state.why : null,
    paused,
    since: recorded("since"),
    seconds: record === undefined ? null : secondsSince(record.since),
    pid: record?.qemu.pid ?? null,
    sshPort: recorded("sshPort"),
    user: recorded("user"),
    accelerator: recorded("accelerator"),
    memoryMiB: recorded("memoryMiB"),
    cores: recorded("cores"),
    share: recorded("share"),
    generation: record === undefined || paused !== null || record.starting === true
      ? null
      : await generationOf(record, signal),
    disk: await diskOf(name),
  };
}

const secondsSince = (iso: string) =>
  Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));

/**
 * A guest that does not answer has no generation to show; the rest of the status is still shown.
 */
async function generationOf(record: DevRecord, signal: AbortSignal): Promise<string | null> {
  try {
    const flavour = await loadFlavour(record.flavour);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
    await using ssh = await connectDev(record, { signal: deadline, deadlineMs: ASK_MS });
    return await flavour.generation(ssh, deadline) ?? null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

async function diskOf(name: string): Promise<DevStatus["disk"]> {
  const path = devFile(name, "disk");
  try {
    const bytes = bytesOnDisk(await Deno.stat(path));
    return { path, bytes, sizeBytes: (await checkImage(path, { name })).diskBytes };
  } catch (error) {
    if (isPathAbsent(error)) return null;
    throw error;
  }
}
