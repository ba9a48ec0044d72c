import { delay } from "@std/async";
import { join } from "@std/path";
import { devCommands } from "./state/dev_commands.ts";
import { GuestError, type TaskError, WorkError } from "../base/errors.ts";
import { pushTree } from "../guest/rsync.ts";
import { makeScratch } from "../base/process/scratch.ts";
import { root } from "../base/files/paths.ts";
import { connectDev } from "./connect_dev.ts";
import { type DevRecord, isSameProcess } from "./state/record.ts";
import { ask, askUntil, collect } from "./update_link.ts";
import type { UpdateSource } from "./update_source.ts";

/** The options of {@link updateDev}. */
interface UpdateDevOptions {
  readonly record: DevRecord;
  /** What to apply. */
  readonly source: UpdateSource;
  /** How long the guest waits for a login from the host before it rolls back. Default 60. */
  readonly confirmSeconds?: number;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  /** Called with each line that the guest prints. */
  readonly log: (line: string) => void;
}

/** What {@link updateDev} did. */
export interface UpdateOutcome {
  /** Whether the update takes full effect only after the guest's next start. */
  readonly needsRestart: boolean;
}

/** Where the guest keeps the files that it was sent. */
const GUEST_DIR = "/var/tmp/guesthouse-update";
/** The script that applies it there, and rolls it back. */
export const UPDATE_SCRIPT: string = join(root, "provision/arm_dev_update.sh");
const SCRIPT_NAME = "update";

const CONFIRM_SECONDS = 60;
const POLL_MS = 1000;
/** How long systemd may take to begin: in a guest that was just started it is busy. */
const BEGIN_MS = 120_000;
const BUILD_MS = 3 * 3_600_000;
/** How long the guest may take to roll back an update, once it has begun. */
const UNDO_MS = 180_000;
/** How long a guest may be unreachable while it builds: it may have no processor time to spare. */
const SILENCE_MS = 120_000;
/** What to run if only a restart of the guest helps. */
const RESTART = "deno task arm-dev-shutdown && deno task arm-dev";

/**
 * Applies a configuration to the running guest, which rolls back automatically, on the next start
 * at the latest, unless this task confirms the update with a new login.
 *
 * @throws {WorkError} for a configuration that cannot be applied, or that was rolled back
 * @throws {GuestError} if the guest is lost, or cannot roll back
 */
export async function updateDev(options: UpdateDevOptions): Promise<UpdateOutcome> {
  const { record, source, confirmSeconds = CONFIRM_SECONDS, signal, onStep } = options;
  onStep("copy the configuration");
  await using ssh = await connectDev(record, { signal });
  await using scratch = await makeScratch("update");
  await source.fill(scratch.path);
  await Deno.copyFile(UPDATE_SCRIPT, join(scratch.path, SCRIPT_NAME));
  await pushTree({
    connection: ssh,
    sourceDir: scratch.path,
    guestDir: GUEST_DIR,
    selection: "everything",
    signal,
  });
  onStep("apply");
  const begin = call("start", source.flavour, String(confirmSeconds));
  const start = await collect(ssh, begin, signal, BEGIN_MS);
  if (start.code !== 0) throw notStarted(record.name, start.code);
  const follower = new Follower(options);
  const applied = await follower.until(["applied", "failed", "undone"], BUILD_MS);
  if (applied === "failed") throw source.explain(record.name, follower.lines);
  // Nobody could log in from the moment it was applied until it was rolled back.
  if (applied === "undone") throw takenBack(record.name, confirmSeconds);
  onStep("log in again");
  const confirmed = await askUntil(record, call("confirm"), signal, confirmSeconds * 1000);
  if (confirmed === undefined) onStep("wait until the guest rolls it back");
  const end = await follower.until(["kept", "undone"], confirmSeconds * 1000 + UNDO_MS);
  if (end === "kept") return { needsRestart: follower.detail === "restart" };
  throw takenBack(record.name, confirmSeconds);
}

const call = (...words: readonly string[]): string[] =>
  devCommands.asRoot(["sh", `${GUEST_DIR}/${SCRIPT_NAME}`, ...words]);

/** How many lines of an update are kept: Nix prints errors near the end. */
const KEPT_LINES = 5000;

/** Follows the guest's state and its log, over connections that may break. */
class Follower {
  readonly #options: UpdateDevOptions;
  /** The guest's last output. */
  lines: string[] = [];
  #taken = 0;
  /** The rest of the state after its name. */
  detail = "";

  constructor(options: UpdateDevOptions) {
    this.#options = options;
  }

  /**
   * Waits for one of these states. Throws if the update has ended in another way, and {@link
   * GuestError} if the guest stays silent.
   */
  async until(states: readonly string[], deadlineMs: number): Promise<string> {
    const { record, signal, confirmSeconds = CONFIRM_SECONDS } = this.#options;
    const fault = (state: string) => faultOf(state, record.name, this.lines);
    // A guest that cannot be reached may be about to roll back its update.
    const silenceMs = Math.max(SILENCE_MS, confirmSeconds * 1000 + UNDO_MS);
    const deadline = performance.now() + deadlineMs;
    let heardAt = performance.now();
    while (true) {
      const answer = await ask(record, call("poll", String(this.#taken + 1)), signal);
      if (answer?.code === 0) {
        heardAt = performance.now();
        const state = this.#read(answer.stdout);
        if (states.includes(state)) return state;
        if (state in FAULTS) throw fault(state);
      }
      if (answer === undefined && !await isSameProcess(record.qemu)) throw fault("ended");
      const now = performance.now();
      if (now - heardAt > silenceMs || now > deadline) throw fault("lost");
      await delay(POLL_MS, { signal });
    }
  }

  #read(output: string): string {
    const [first = "", ...rest] = output.split("\n");
    // An unfinished line is read again when it is complete.
    const fresh = rest.slice(0, -1);
    this.#taken += fresh.length;
    this.lines = [...this.lines, ...fresh].slice(-KEPT_LINES);
    fresh.forEach(this.#options.log);
    const [state = "", ...detail] = first.split(" ");
    this.detail = detail.join(" ");
    return state;
  }
}

function notStarted(name: string, code: number): WorkError {
  return new WorkError(`Cannot update guest "${name}": it refuses to begin (status ${code})`, {
    details: ["status 75 means that another update is running"],
    next: "deno task arm-dev-update, once that one has ended",
  });
}

function takenBack(name: string, seconds: number): WorkError {
  const what = "nobody can log in with the new configuration";
  return new WorkError(`Cannot update guest "${name}": ${what}`, {
    details: [
      `the guest waited ${seconds} s for a login, and is back at its previous configuration`,
    ],
    next: "correct the settings of SSH (nix/modules/ssh.nix, user.nix), and update again",
  });
}

/** How an update ended too early. */
interface Fault {
  /** Default: the guest's. */
  readonly is?: typeof WorkError;
  /** What was not possible with guest NAME, and why. */
  readonly what: string;
  readonly detail?: string;
  /** Whether the guest's last lines say anything about it. Default `true`. */
  readonly hasLines?: boolean;
  readonly next: string;
}

const ROLLS_BACK = "an update that was not confirmed is rolled back as the guest starts";

/**
 * By the states that provision/arm_dev_update.sh prints at any time; `ended` and `lost` are those of
 * a guest that prints none.
 */
const FAULTS: Readonly<Record<string, Fault>> = {
  stuck: {
    what: "roll back the update of NAME",
    next: `${RESTART}: the guest rolls it back as it starts`,
  },
  broken: {
    is: WorkError,
    what: "update NAME: the guest's part of it ended early",
    detail: "the guest is at its previous configuration",
    next: "free space if the disk or the memory is full, and update again",
  },
  dead: {
    what: "follow the update of NAME: no process in it is working on it",
    next: `${RESTART}: ${ROLLS_BACK}`,
  },
  none: {
    what: "follow the update of NAME: it has restarted",
    detail: "an update that was not confirmed was rolled back",
    hasLines: false,
    next: "deno task arm-dev-update",
  },
  ended: {
    what: "follow the update of NAME: its QEMU has ended",
    detail: ROLLS_BACK,
    hasLines: false,
    next: "deno task arm-dev",
  },
  lost: {
    what: "follow the update of NAME: it does not answer",
    next: "deno task arm-dev-status; without an answer, deno task arm-dev-kill and arm-dev",
  },
};

function faultOf(state: string, name: string, lines: readonly string[]): TaskError {
  const { is: Kind = GuestError, what, detail, hasLines = true, next } = FAULTS[state]!;
  return new Kind(`Cannot ${what.replace("NAME", () => `guest "${name}"`)}`, {
    details: [...hasLines ? lines.slice(-12) : [], ...detail === undefined ? [] : [detail]],
    next,
  });
}
