import { join } from "@std/path";
import { GuestError } from "../cli/errors.ts";
import type { Log } from "../cli/log.ts";
import type { Platform } from "../config/platform.ts";
import { type AcceleratorChoice, probeAccelerator } from "../host/accelerator.ts";
import { ensureKeys } from "../host/keys.ts";
import { RUN_FILES } from "../host/paths.ts";
import { processStartTime } from "../host/process.ts";
import { ConsoleWatcher } from "../guest/console.ts";
import { waitForReady } from "../guest/readiness.ts";
import { createRun, type RunFolder, type RunRecord, writeRecord } from "../guest/runs.ts";
import { connectSsh, type SshConnection } from "../guest/ssh.ts";
import type { Image } from "../image/image.ts";
import { packSeed } from "../image/initramfs.ts";
import { type Guest, startGuest } from "../qemu/launch.ts";
import { createOverlay } from "../qemu/overlay.ts";
import { startClock } from "./clock.ts";
import type { LogFiles } from "./log_files.ts";
import { guestArgs, type Size } from "./machine.ts";

/** What {@link openGuest} takes. */
export interface OpenGuestOptions extends Size {
  readonly platform: Platform;
  readonly image: Image;
  readonly accelerator: AcceleratorChoice;
  /** Port of 127.0.0.1 that leads to the guest's SSH; 0 for a free one. */
  readonly sshPort: number;
  readonly bootMs: number;
  readonly logs: LogFiles;
  readonly signal: AbortSignal;
}

/** A guest that is up and answers. Disposal ends it and removes everything of it. */
export interface OpenGuest extends AsyncDisposable {
  readonly run: RunFolder;
  readonly guest: Guest;
  readonly ssh: SshConnection;
  readonly accelerator: string;
  readonly bootSeconds: number;
  /** Shuts the guest down in order, and what does not answer by force. */
  shutdown(): Promise<void>;
  /** Lets the guest outlive this task. */
  keep(project?: string): Promise<RunRecord>;
}

/** How much longer everything takes where code is emulated rather than run. */
const TCG_PATIENCE = 1;
