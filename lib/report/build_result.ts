/** How a platform's build ended. */
export type BuildStatus =
  /** Every step succeeded. */
  | "pass"
  /** A step failed: the project's fault. */
  | "fail"
  /** The build could not be carried out: the host's or the guest's fault. */
  | "error"
  /** Nothing was tried. */
  | "skip"
  /** A signal ended it, or it had not begun when the signal came. */
  | "interrupted";

/** Where the time went, in seconds. What was not reached is 0. */
export interface BuildSeconds {
  boot: number;
  sync: number;
  build: number;
  total: number;
}

/** One platform's row of a build, as `--json` prints it. */
export interface BuildResult {
  readonly name: string;
  status: BuildStatus;
  /** The exit status of the step that failed, 0 on success, `null` if none ran to its end. */
  exitCode: number | null;
  readonly seconds: BuildSeconds;
  /** How the guest came up; `null` for the host itself, or where none came up. */
  start: "cold" | "warm" | null;
  accelerator: string | null;
  /** Path of the build's log; `null` if it never got one. */
  log: string | null;
  /** Paths of the artifacts that were copied out. */
  artifacts: string[];
  /** What else there is to know, such as a log that is cut; absent where there is nothing. */
  notes?: readonly string[];
  /** The exit status that an error calls for; not part of the printed document. */
  exit?: number;
  /** Why it did not pass, with what to do next. */
  error?: { readonly message: string; readonly details: readonly string[]; readonly next?: string };
}

/** A row to fill in. */
export function newResult(name: string): BuildResult {
  return {
    name,
    status: "error",
    exitCode: null,
    seconds: { boot: 0, sync: 0, build: 0, total: 0 },
    start: null,
    accelerator: null,
    log: null,
    artifacts: [],
  };
}
