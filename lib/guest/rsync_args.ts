import { isAbsolute } from "@std/path";
import { SHARED_HOST } from "./ssh_config.ts";

/** rsync's messages in English, and none of the user's defaults. */
export const RSYNC_ENV = {
  ...{ LC_ALL: "C", RSYNC_OLD_ARGS: "0", RSYNC_ICONV: "", RSYNC_PROTECT_ARGS: "1" },
};

/** The form that rsync's `--from0` and `xargs -0` take. */
export const nulEnded = (paths: readonly string[]): string =>
  paths.map((path) => `${path}\0`).join("");

/** What {@link pushArgs} takes. */
export interface PushOptions {
  /** The shared connection's configuration file. */
  readonly sshConfig: string;
  /** Absolute directory on this host. */
  readonly sourceDir: string;
  /** Absolute directory in the guest; made with its parents. */
  readonly guestDir: string;
  /**
   * Exactly the paths in a file, each ended by a NUL byte and relative to the directory, or
   * everything, and then the guest's directory is left with nothing else.
   */
  readonly selection: { readonly filesFrom: string } | "everything";
  /**
   * Sends every file, whatever the guest has, with the guest's time, which is newer than what was
   * built there. Default `false`.
   */
  readonly newTimes?: boolean;
  /** Zeros take neither time nor space, and other content more time. Default `false`. */
  readonly sparse?: boolean;
}

/**
 * The argv that copies a directory's content into a guest (rsync 3.2.3 or newer on both sides).
 * Symlinks are copied as what they are, so a loop or a link out of the tree does no harm; devices,
 * sockets and pipes are left out; files belong to the guest's user.
 */
export function pushArgs(options: PushOptions): string[] {
  const { selection, sourceDir, guestDir } = options;
  return [
    ...commonArgs(options.sshConfig),
    "--perms",
    "--mkpath",
    "--stats",
    "--no-human-readable",
    ...(options.newTimes ? ["--ignore-times", "--no-times"] : []),
    ...(options.sparse ? ["--sparse", "--compress"] : []),
    ...(selection === "everything"
      ? ["--delete-during", "--recursive"]
      // What is gone since it was listed is not missed.
      : ["--ignore-missing-args", "--from0", `--files-from=${selection.filesFrom}`]),
    `${absolute(sourceDir)}/`,
    `${SHARED_HOST}:${absolute(guestDir)}/`,
  ];
}

/**
 * What a copy out of a guest takes. The guest is not trusted, nor is the rsync that runs in it: the
 * directory must be private and empty, its links lead nowhere until `inspectIncoming()` has looked
 * at them, and nothing is taken of permissions but "executable".
 */
const FROM_GUEST = [
  "--executability",
  "--munge-links",
  // This user can look into, and remove, whatever comes.
  "--chmod=Du=rwx,u+rwX",
  // What is zero in a file takes no space here.
  "--sparse",
];

/** What {@link pullListArgs} takes. */
interface PullListOptions {
  readonly sshConfig: string;
  /** What comes for a link: what it leads to, or the link itself. */
  readonly links: "followed" | "kept";
  /** Absolute directory in the guest. */
  readonly guestDir: string;
  /** Absolute directory on this host. It exists. */
  readonly destDir: string;
  /** File of the paths to copy, each ended by a NUL byte and relative to both directories. */
  readonly filesFrom: string;
}

/**
 * The argv that copies exactly the listed files out of a guest, into a private and empty directory.
 */
export function pullListArgs(options: PullListOptions): string[] {
  return [
    ...commonArgs(options.sshConfig, options.links),
    ...FROM_GUEST,
    "--from0",
    `--files-from=${options.filesFrom}`,
    `${SHARED_HOST}:${absolute(options.guestDir)}/`,
    `${absolute(options.destDir)}/`,
  ];
}

/** What {@link bringInArgs} takes. */
interface BringInOptions {
  /** Absolute directory of this host, in which everything was inspected. */
  readonly sourceDir: string;
  /** Absolute directory on this host. It exists. */
  readonly destDir: string;
  /** Absolute directory that gets what is overwritten. */
  readonly backupDir: string;
}

/**
 * The argv that copies the files listed on stdin, each ended by a NUL byte, from one directory of
 * this host over what another one has. Nothing is deleted.
 */
export function bringInArgs({ sourceDir, destDir, backupDir }: BringInOptions): string[] {
  return [
    ...["rsync", "--links", ...COPY, "--executability", "--safe-links"],
    ...["--backup", `--backup-dir=${absolute(backupDir)}`, "--from0", "--files-from=-"],
    ...[`${absolute(sourceDir)}/`, `${absolute(destDir)}/`],
  ];
}

/** The remote shell for rsync's `-e`: the shared connection, whatever its file is called. */
export function rsyncShell(sshConfig: string): string {
  // rsync cuts this text at blanks itself. It knows quotes, and no backslashes; inside quotes, a
  // doubled quote stands for one.
  return `ssh -F '${sshConfig.replaceAll("'", "''")}' -T -o LogLevel=ERROR`;
}

/** The times that tell a changed file. */
const COPY = ["--times", "--whole-file"];

function commonArgs(sshConfig: string, links: PullListOptions["links"] = "kept"): string[] {
  return [
    "rsync",
    // The guest's shell never sees a file name.
    "-s",
    "--rsh",
    rsyncShell(sshConfig),
    // Whole files: comparing blocks would cost an emulated CPU more than the bytes do.
    // Without --links, a link that a guest sends is not made.
    ...[links === "kept" ? "--links" : "--copy-links", ...COPY],
  ];
}

/** An absolute path is never taken for an option, nor for `HOST:PATH`. */
function absolute(path: string): string {
  if (!isAbsolute(path)) throw new RangeError(`"${path}" is not an absolute path`);
  return path.replace(/\/+$/, "");
}
