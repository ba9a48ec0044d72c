import { isAbsolute, join } from "@std/path";

/** Where Homebrew installs: on Apple silicon, on Intel. */
const HOMEBREW = ["/opt/homebrew", "/usr/local"];

/**
 * Where Homebrew has the programs of e2fsprogs, which it puts on no `PATH`, as parts of them would
 * hide macOS's own.
 */
export const HOMEBREW_SBIN: readonly string[] = HOMEBREW.map((dir) => `${dir}/opt/e2fsprogs/sbin`);

/**
 * Searched after `PATH`: Debian keeps mke2fs in /usr/sbin; editors may lack Homebrew's directories.
 */
export const systemDirs = (os: typeof Deno.build.os): readonly string[] =>
  os === "darwin"
    ? [...HOMEBREW.map((dir) => `${dir}/bin`), ...HOMEBREW_SBIN]
    : ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const MORE_DIRS = systemDirs(Deno.build.os);

/** A program as found on disk; size and time of change tell whether it is still the same one. */
export interface FoundProgram {
  readonly path: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/**
 * Searches `PATH`, then the system's directories, for an executable file. An absolute path only has
 * to exist; it may be a directory. Synchronous: a look-up takes 20 µs, a thread more.
 *
 * @param searchPath as in `PATH`, its default
 */
export function findProgram(
  name: string,
  searchPath: string = Deno.env.get("PATH") ?? "",
): FoundProgram | undefined {
  if (isAbsolute(name)) return fileAt(name, { executable: false });
  // An empty part means the current directory to a shell; nothing of ours should run from there.
  const dirs = searchPath.split(":").filter((dir) => isAbsolute(dir));
  for (const dir of new Set([...dirs, ...MORE_DIRS])) {
    const found = fileAt(join(dir, name), { executable: true });
    if (found !== undefined) return found;
  }
  return undefined;
}

function fileAt(
  path: string,
  { executable }: { readonly executable: boolean },
): FoundProgram | undefined {
  try {
    const info = Deno.statSync(path);
    if (executable && (!info.isFile || ((info.mode ?? 0) & 0o111) === 0)) return undefined;
    return { path, bytes: info.size, changedMs: info.mtime?.getTime() ?? 0 };
  } catch (error) {
    // Deno reads nothing below /dev, /proc and /sys without all permissions, and no
    // program that we look for is there.
    const special = /^\/(dev|proc|sys)\//.test(path);
    if (error instanceof Deno.errors.NotCapable && !special) throw error;
    return undefined;
  }
}
