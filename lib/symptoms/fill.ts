export type Values = Readonly<Record<string, string | undefined>>;

/** The longest value that a text shows; a guest can put anything into its lines. */
const LONGEST = 200;

/**
 * Fills in a template: `{name}`, or `{name|text}` with a default; other missing values are shown in
 * capitals. `quote` is applied to each value: commands quote for a shell.
 */
export function fill(
  template: string,
  values: Values,
  quote: (value: string) => string = (value) => value,
): string {
  return template.replace(
    /(?<!\$)\{(\w+)(?:\|([^}]*))?\}/g,
    (_, name: string, fallback?: string) => {
      const value = values[name];
      if (value === undefined || value === "") return fallback ?? name.toUpperCase();
      return quote(value.slice(0, LONGEST));
    },
  );
}

/** Error numbers of Linux that can occur when a guest starts. */
const ERRNO: Readonly<Record<string, string>> = {
  1: "EPERM, not permitted",
  2: "ENOENT, no such file",
  5: "EIO, input or output error",
  6: "ENXIO, no such device",
  8: "ENOEXEC, wrong format",
  12: "ENOMEM, no memory",
  13: "EACCES, not allowed",
  16: "EBUSY, already in use",
  17: "EEXIST, already exists",
  19: "ENODEV, no such device",
  20: "ENOTDIR, not a directory",
  22: "EINVAL, wrong argument",
  24: "EMFILE, too many open files",
  26: "ETXTBSY, file is being written",
  28: "ENOSPC, disk full",
  30: "EROFS, read-only file system",
  80: "ELIBBAD, damaged library",
  98: "EADDRINUSE, address in use",
  101: "ENETUNREACH, network unreachable",
  110: "ETIMEDOUT, timed out",
  111: "ECONNREFUSED, connection refused",
  117: "EUCLEAN, damaged file system",
  124: "EMEDIUMTYPE, wrong kind of disk",
  125: "ECANCELED, canceled",
  126: "ENOKEY, no key for its signature",
  127: "EKEYEXPIRED, its key has expired",
  128: "EKEYREVOKED, its key was revoked",
  129: "EKEYREJECTED, its signature was rejected",
};

/** An error number in words. */
export function spellErrno(errno: string): string {
  return ERRNO[errno] ?? `errno ${errno}`;
}

/** The named groups of a match, and the values derived from them. */
export function valuesOf(match: RegExpExecArray): Values {
  const groups: Record<string, string | undefined> = { ...match.groups };
  const { errno, exitcode } = groups;
  return {
    ...groups,
    ...errno === undefined ? {} : { error: spellErrno(errno) },
    ...exitcode === undefined ? {} : { ended: waitStatus(parseInt(exitcode, 16)) },
  };
}

/** `wait(2)`'s status in words. */
function waitStatus(status: number): string {
  const signal = status & 0x7f;
  return signal === 0 ? `with status ${status >> 8}` : `by signal ${signal}`;
}
