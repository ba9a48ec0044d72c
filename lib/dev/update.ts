import { delay } from "@std/async";
import { join } from "@std/path";
import { devCommands } from "./state/dev_commands.ts";
import { GuestError, type TaskError, WorkError } from "../base/errors.ts";
import { pushTree } from "../guest/rsync.ts";
import { root } from "../base/files/paths.ts";
import { connectDev } from "./connect_dev.ts";
import { type DevRecord, isSameProcess } from "./state/record.ts";
import { collect, UpdateLink } from "./update_link.ts";
import type { UpdateSource } from "./update_source.ts";

/** What {@link updateDev} takes. */
interface UpdateDevOptions {
  readonly record: DevRecord;
  /** What is to be applied. */
  readonly source: UpdateSource;
  /**
   * How long the guest waits, once the configuration is applied, for a login of the host's before
   * it takes everything back. Default 60.
   */
  readonly confirmSeconds?: number;
  /** How long building may take. Default three hours. */
  readonly buildMs?: number;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  /** Called with each line that the guest prints. */
  readonly log: (line: string) => void;
}

/** What {@link updateDev} did. */
export interface UpdateOutcome {
  /** Whether what was applied counts in full only after the guest's next start. */
  readonly needsRestart: boolean;
}

/** Where the guest keeps what it was sent. */
const GUEST_DIR = "/var/tmp/guesthouse-update";
/** What applies it there, and takes it back. */
export const UPDATE_SCRIPT: string = join(root, "provision/arm_dev_update.sh");
const SCRIPT_NAME = "update";

const POLL_MS = 1000;
/** How long systemd may take to begin: in a guest that was just started it has much else to do. */
const BEGIN_MS = 120_000;
const BUILD_MS = 3 * 3_600_000;
/** How long the guest may take to be itself again, once it has begun to take an update back. */
const UNDO_MS = 180_000;
/** How long a guest may be unreachable while it builds: it may have no processor to spare. */
const SILENCE_MS = 120_000;
/** What to run where only a start of the guest helps. */
const RESTART = "deno task arm-dev-shutdown && deno task arm-dev";

/**
 * Applies a configuration to the running guest. The guest does it by itself, and takes it back by
 * itself unless this task, with a login of its own, says that it should stay. So a configuration
 * that breaks SSH, or a host that goes away, leave the guest as it was; a guest that ends before is
 * as it was from its next start on.
 *
 * @throws {WorkError} for a configuration that cannot be applied (nothing has changed then), or
 *   that was taken back
 * @throws {GuestError} where the guest is lost, or cannot get back to what it was
 */
export async function updateDev(options: UpdateDevOptions): Promise<UpdateOutcome> {
  const { record, source, confirmSeconds = 60, signal, onStep } = options;
  onStep("copy the configuration");
  await using ssh = await connectDev(record, { signal });
  await using tree = await source.prepare(UPDATE_SCRIPT, SCRIPT_NAME);
  await pushTree({
    connection: ssh,
    sourceDir: tree.dir,
    guestDir: GUEST_DIR,
    selection: "everything",
    deleteExtra: true,
    signal,
  });
  onStep("apply");
  const begin = call("start", source.flavour, String(confirmSeconds));
  const start = await collect(ssh, begin, signal, BEGIN_MS);
  if (start.code !== 0) throw notStarted(record.name, start.code);
  const follower = new Follower(options);
  const applied = await follower.until(["applied", "failed", "undone"], BUILD_MS);
  if (applied === "failed") throw source.explain(record.name, follower.lines);
  // Nobody could log in from the moment it was applied until it was taken back.
  if (applied === "undone") throw takenBack(record.name, confirmSeconds);
  onStep("log in anew");
  const link = new UpdateLink(record, signal);
  const confirmed = await link.askUntil(call("confirm"), confirmSeconds * 1000);
  if (confirmed === undefined) onStep("wait until the guest takes it back");
  const end = await follower.until(["kept", "undone"], confirmSeconds * 1000 + UNDO_MS);
  if (end === "kept") return { needsRestart: follower.detail === "restart" };
  throw takenBack(record.name, confirmSeconds);
}

const call = (...words: readonly string[]): string[] =>
  devCommands.asRoot(["sh", `${GUEST_DIR}/${SCRIPT_NAME}`, ...words]);

/** How many lines of an update are kept: Nix says what is wrong near the end. */
const KEPT_LINES = 5000;

/** Follows the guest's state and its log, over connections that may break. */
class Follower {
  readonly #options: UpdateDevOptions;
  readonly #link: UpdateLink;
  /** What the guest has printed last. */
  lines: string[] = [];
  #taken = 0;
  /** What the state says besides its name. */
  detail = "";

  constructor(options: UpdateDevOptions) {
    this.#options = options;
    this.#link = new UpdateLink(options.record, options.signal);
  }

  /**
   * Waits for one of these states. Throws where the update has ended in another way, and
   * {@link GuestError} where the guest stays silent.
   */
  async until(states: readonly string[], deadlineMs: number): Promise<string> {
    const { record, signal } = this.#options;
    const deadline = performance.now() + deadlineMs;
    let heardAt = performance.now();
    while (true) {
      const answer = await this.#link.ask(call("poll", String(this.#taken + 1)));
      if (answer?.code === 0) {
        heardAt = performance.now();
        const state = this.#read(answer.stdout);
        if (states.includes(state)) return state;
        const fault = FAULTS[state];
        if (fault !== undefined) throw fault(record.name, this.lines);
      }
      if (answer === undefined && !await isSameProcess(record.qemu)) throw ended(record.name);
      const silent = performance.now() - heardAt > Math.max(SILENCE_MS, this.#undoMs());
      if (silent || performance.now() > deadline) throw lost(record.name, this.lines);
      await delay(POLL_MS, { signal });
    }
  }

  /** A guest that cannot be reached may be one that is about to take its update back. */
  #undoMs(): number {
    return (this.#options.confirmSeconds ?? 60) * 1000 + UNDO_MS;
  }

  #read(output: string): string {
    const [first = "", ...rest] = output.split("\n");
    // An unfinished line comes again, whole.
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
    details: ["status 75 means that another update is at work"],
    next: "deno task arm-dev-update, once that one has ended",
  });
}

function takenBack(name: string, seconds: number): WorkError {
  return new WorkError(
    `Cannot update guest "${name}": with the new configuration nobody can log in`,
    {
      details: [
        `the guest waited ${seconds} s for a login, and is back at its former configuration`,
      ],
      next: "correct what concerns SSH (nix/modules/ssh.nix, user.nix), and update again",
    },
  );
}

/** How an update may end at any time, by the states that provision/arm_dev_update.sh prints. */
const FAULTS: Readonly<Record<string, (name: string, lines: readonly string[]) => TaskError>> = {
  stuck: (name, lines) =>
    new GuestError(`Cannot take back the update of guest "${name}"`, {
      details: lines.slice(-12),
      next: `${RESTART}: the guest takes it back as it starts`,
    }),
  broken: (name, lines) =>
    new WorkError(`Cannot update guest "${name}": the guest's part of it ended before its time`, {
      details: [...lines.slice(-12), "the guest is at its former configuration"],
      next: "make room where the disk or the memory is full, and update again",
    }),
  dead: (name, lines) =>
    new GuestError(`Cannot follow the update of guest "${name}": nothing in it works on it`, {
      details: lines.slice(-12),
      next: `${RESTART}: what was not kept is taken back as the guest starts`,
    }),
  none: (name) =>
    new GuestError(`Cannot follow the update of guest "${name}": it has started anew`, {
      details: ["what was not kept was taken back"],
      next: "deno task arm-dev-update",
    }),
};

function ended(name: string): GuestError {
  return new GuestError(`Cannot follow the update of guest "${name}": its QEMU has ended`, {
    details: ["what was not kept is taken back as the guest starts"],
    next: "deno task arm-dev",
  });
}

function lost(name: string, lines: readonly string[]): GuestError {
  return new GuestError(`Cannot follow the update of guest "${name}": it does not answer`, {
    details: lines.slice(-12),
    next: "deno task arm-dev-status; without an answer, deno task arm-dev-kill and arm-dev",
  });
}
