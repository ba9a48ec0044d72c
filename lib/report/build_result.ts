/** How a platform's build ended. */
export type BuildStatus =
  /** Every step succeeded. */
  | "pass"
  /** A step failed: the project is at fault. */
  | "fail"
  /** The build could not be run: the host or the guest is at fault. */
  | "error"
  /** The build was not attempted. */
  | "skip"
  /** A signal ended it, or it had not begun when the signal came. */
  | "interrupted";

interface BuildSeconds {
  boot: number;
  sync: number;
  build: number;
  total: number;
}

/** One platform's row of a build, as `--json` prints it. */
export interface BuildResult {
  readonly name: string;
  status: BuildStatus;
  /** The exit status of the failed step, 0 on success, `null` if no step finished. */
  exitCode: number | null;
  readonly seconds: BuildSeconds;
  /** How the guest was started; `null` for the host itself, or if no guest started. */
  start: "cold" | "warm" | null;
  /** Present if the guest had to be booted twice. */
  boots?: 2;
  accelerator: string | null;
  log: string | null;
  artifacts: string[];
  notes?: readonly string[];
  /** The exit status for an error; not part of the printed document. */
  exit?: number;
  error?: { readonly message: string; readonly details: readonly string[]; readonly next?: string };
}

/** An empty row to fill in. */
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

/** A verdict for readers. */
export const verdictOf = ({ status, boots }: Pick<BuildResult, "status" | "boots">): string =>
  boots === undefined ? status : `${status}, 2nd boot`;
