import type { SshConnection } from "../../guest/ssh.ts";
import type { DevConfig } from "../../config/dev_config.ts";
import type { RecordedProcess } from "../state/record.ts";

/** User and group ids. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** The environment of a share. */
export interface ShareRequest {
  readonly config: DevConfig;
  /** The project on the host: absolute, without symbolic links. */
  readonly hostDir: string;
  /** `/NAME` in the guest. */
  readonly guestDir: string;
  /** Who runs the task. */
  readonly hostIds: Ids;
  /** The guest's user: the host's ids, or 1000 if those are root's. */
  readonly guestIds: Ids;
  /** Private directory of this guest's sockets; it exists. */
  readonly socketDir: string;
  /** Absolute path of a file for the output of helper processes. */
  readonly log: string;
  /** Called with notes for the user: what a sync copies, what could not be done as requested. */
  readonly onNote?: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What the guest mounts at `/NAME` when it boots, as `mount -t TYPE -o OPTIONS SOURCE /NAME`. */
export interface GuestMount {
  readonly type: "9p" | "virtiofs";
  /** The mount tag. */
  readonly source: string;
  readonly options: readonly string[];
}

/** A helper that runs beside QEMU. Disposal ends it, unless it was released. */
export interface ShareHelpers extends AsyncDisposable {
  /** By name, for the record. */
  readonly processes: Readonly<Record<string, RecordedProcess>>;
  /** Lets them outlive the task. */
  release(): Promise<void>;
}

/** One way in which the guest sees the project. */
export interface Share {
  /** Words before QEMU's command, such as `unshare --user ... --`; empty for none. */
  readonly launchWrapper: readonly string[];
  /** Whether the guest's memory must be shared with a helper (`share=on`), as virtiofs needs. */
  readonly sharedMemory: boolean;
  /** Notes for the user before the guest starts. */
  readonly notes: readonly string[];
  /** QEMU's devices for it. */
  qemuArgs(): string[];
  /** Checks the host's directory, and starts programs that must run before QEMU. */
  beforeStart(): Promise<ShareHelpers>;
  /** Once the guest answers: for rsync, the first copy. */
  afterStart(ssh: SshConnection): Promise<void>;
  /** Before a clean shutdown, while the guest answers: for rsync, the copy to the host. */
  beforeStop(ssh: SshConnection): Promise<void>;
  /** Once QEMU has ended, for whatever reason: removes leftovers on the host. */
  afterStop(): Promise<void>;
}

const nothing = () => Promise.resolve();

/** Nothing runs beside QEMU. */
const NO_HELPERS: ShareHelpers = {
  ...{ processes: {}, release: nothing, [Symbol.asyncDispose]: nothing },
};

/** A share that does nothing; each mode replaces what it needs to. */
export const PLAIN_SHARE: Share = {
  ...{ launchWrapper: [], sharedMemory: false, notes: [] },
  qemuArgs: () => [],
  beforeStart: () => Promise.resolve(NO_HELPERS),
  ...{ afterStart: nothing, beforeStop: nothing, afterStop: nothing },
};
