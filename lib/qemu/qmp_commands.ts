/** No members: the answer of commands that only succeed or fail. */
type Empty = Record<string, never>;

/** Run states of a guest (`RunState` in QEMU's `qapi/run-state.json`, 7.2). */
type RunState =
  | "debug"
  | "inmigrate"
  | "internal-error"
  | "io-error"
  | "paused"
  | "postmigrate"
  | "prelaunch"
  | "finish-migrate"
  | "restore-vm"
  | "running"
  | "save-vm"
  | "shutdown"
  | "suspended"
  | "watchdog"
  | "guest-panicked"
  | "colo";

/** Phases of a migration (`MigrationStatus` in `qapi/migration.json`, 7.2). */
type MigrationStatus =
  | "none"
  | "setup"
  | "cancelling"
  | "cancelled"
  | "active"
  | "postcopy-active"
  | "postcopy-paused"
  | "postcopy-recover"
  | "completed"
  | "failed"
  | "colo"
  | "pre-switchover"
  | "device"
  | "wait-unplug";

/** QEMU's version, as the greeting and `query-version` give it. */
interface QemuVersion {
  readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number };
  /** The packager's version text, or empty. */
  readonly package: string;
}

/** One block device, with the fields that we read. */
interface BlockInfo {
  readonly device: string;
  readonly locked: boolean;
  readonly removable: boolean;
  readonly inserted?: {
    readonly file: string;
    readonly drv: string;
    readonly ro: boolean;
    readonly backing_file?: string;
    readonly "node-name"?: string;
  };
}

/** The progress of a migration. Times are milliseconds, sizes bytes. */
interface MigrationInfo {
  readonly status?: MigrationStatus;
  readonly "total-time"?: number;
  readonly downtime?: number;
  readonly "error-desc"?: string;
  readonly ram?: {
    readonly transferred: number;
    readonly remaining: number;
    readonly total: number;
    readonly mbps: number;
  };
}

/** One virtual CPU and the host thread that runs it. */
interface CpuInfo {
  readonly "cpu-index": number;
  readonly "qom-path": string;
  readonly "thread-id": number;
  readonly target: string;
}

/** The parameters of a migration that we set. Bandwidth in bytes/s, downtime in milliseconds. */
interface MigrationParameters {
  readonly "max-bandwidth"?: number;
  readonly "downtime-limit"?: number;
  readonly "multifd-channels"?: number;
}

/** The QMP commands that we use ("QEMU QMP Reference Manual", QEMU 7.2). */
export interface QmpCommands {
  "qmp_capabilities": { args: { enable?: "oob"[] }; returns: Empty };
  "query-version": { args: undefined; returns: QemuVersion };
  "query-name": { args: undefined; returns: { name?: string } };
  "query-status": { args: undefined; returns: { running: boolean; status: RunState } };
  "query-cpus-fast": { args: undefined; returns: CpuInfo[] };
  "query-block": { args: undefined; returns: BlockInfo[] };
  "query-kvm": { args: undefined; returns: { enabled: boolean; present: boolean } };
  "stop": { args: undefined; returns: Empty };
  "cont": { args: undefined; returns: Empty };
  "quit": { args: undefined; returns: Empty };
  "system_powerdown": { args: undefined; returns: Empty };
  "system_reset": { args: undefined; returns: Empty };
  "inject-nmi": { args: undefined; returns: Empty };
  "human-monitor-command": { args: { "command-line": string }; returns: string };
  "blockdev-snapshot-sync": {
    args: {
      device?: string;
      "node-name"?: string;
      "snapshot-file": string;
      "snapshot-node-name"?: string;
      format: "qcow2" | "raw";
      mode?: "existing" | "absolute-paths";
    };
    returns: Empty;
  };
  "getfd": { args: { fdname: string }; returns: Empty };
  "migrate": { args: { uri: string }; returns: Empty };
  "migrate-incoming": { args: { uri: string }; returns: Empty };
  "migrate_cancel": { args: undefined; returns: Empty };
  "query-migrate": { args: undefined; returns: MigrationInfo };
  "migrate-set-capabilities": {
    args: { capabilities: { capability: string; state: boolean }[] };
    returns: Empty;
  };
  "migrate-set-parameters": { args: MigrationParameters; returns: Empty };
}

export type QmpCommandName = keyof QmpCommands;

/** The events that we wait for. QEMU sends others too; they arrive untyped. */
export interface QmpEvents {
  "SHUTDOWN": { guest: boolean; reason: string };
  "POWERDOWN": Empty;
  "RESET": { guest: boolean; reason: string };
  "STOP": Empty;
  "RESUME": Empty;
  "MIGRATION": { status: MigrationStatus };
  "GUEST_PANICKED": { action: "pause" | "poweroff" | "run"; info?: Record<string, unknown> };
  "BLOCK_IO_ERROR": { device: string; operation: "read" | "write"; action: string; reason: string };
}

export interface QmpEvent<Data = Record<string, unknown>> {
  readonly event: string;
  readonly data: Data;
  /** When QEMU saw it: Unix time in milliseconds, or NaN if QEMU does not know. */
  readonly timeMs: number;
}
