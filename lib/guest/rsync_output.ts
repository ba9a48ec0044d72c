/** What a push has sent. */
export interface PushStats {
  /** Files whose content was sent; unchanged ones do not count. */
  readonly files: number;
  /** Size of those files in bytes. */
  readonly bytes: number;
}

/** Reads what rsync's `--stats` (with `--no-human-readable`) prints. */
export function parseStats(stdout: string): PushStats {
  const number = (label: string) => {
    const match = new RegExp(`^${label}: (\\d+)`, "m").exec(stdout);
    return Number(match?.[1] ?? 0);
  };
  return {
    files: number("Number of regular files transferred"),
    bytes: number("Total transferred file size"),
  };
}
