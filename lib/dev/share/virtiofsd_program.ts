import { basename, dirname } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { findProgram } from "../../base/process/find_program.ts";
import { $ } from "../../base/process/dollar.ts";

/** Where distributions put it: Fedora and Debian 13; Debian 12 as part of QEMU; Arch. */
const VIRTIOFSD_PROGRAMS: readonly string[] = [
  "virtiofsd",
  "/usr/libexec/virtiofsd",
  "/usr/lib/qemu/virtiofsd",
  "/usr/lib/virtiofsd",
];

/** A virtiofs daemon of this host. */
interface Virtiofsd {
  readonly path: string;
  /** `c`: of QEMU up to 7.2. `rust`: its successor, a separate project. */
  readonly kind: "c" | "rust";
  /** Whether it can enforce read-only access itself. */
  readonly canReadOnly: boolean;
}

/** The kind of a daemon, by its `--help`; `undefined` if it is not a virtiofs daemon. */
export function describeVirtiofsd(help: string): Omit<Virtiofsd, "path"> | undefined {
  if (help.includes("--shared-dir")) {
    return { kind: "rust", canReadOnly: help.includes("--readonly") };
  }
  // The Rust daemon also accepted "-o source=PATH", up to 1.4, so this comes second.
  if (help.includes("-o source=PATH")) return { kind: "c", canReadOnly: false };
  return undefined;
}

/** The first daemon that answers. Throws {@link HostError} if there is none. */
export async function requireVirtiofsd(signal?: AbortSignal): Promise<Virtiofsd> {
  for (const program of VIRTIOFSD_PROGRAMS) {
    const found = findProgram(program, Deno.env.get("PATH") ?? "");
    if (found === undefined) continue;
    const { stdout, stderr } = await $`${found.path} --help`.with({ signal, timeoutMs: 5000 })
      .noThrow();
    const described = describeVirtiofsd(stdout + stderr);
    if (described !== undefined) return { path: found.path, ...described };
  }
  throw new HostError("Cannot share the project by virtiofs: this host has no virtiofsd", {
    details: [`looked for: ${VIRTIOFSD_PROGRAMS.join(", ")}`],
    next: "install virtiofsd (Debian 12: qemu-system-common), or pass --share 9p",
  });
}

interface VirtiofsdOptions {
  readonly socketPath: string;
  /** Absolute path of the host's directory. */
  readonly dir: string;
  readonly readOnly: boolean;
  /** The ids by which the daemon knows this user: those of the guest's user. */
  readonly guestIds: { readonly uid: number; readonly gid: number };
  /** Path of `virtiofsd_cell.sh`. */
  readonly cellScript: string;
}

/** The daemon's command, in a user namespace with the guest's id, confined to the directory. */
export function virtiofsdCommand(daemon: Virtiofsd, options: VirtiofsdOptions): string[] {
  const { dir, readOnly, socketPath, guestIds } = options;
  const access = readOnly ? "ro" : "rw";
  const inCell = daemon.kind === "c" || (readOnly && !daemon.canReadOnly);
  return [
    ...["unshare", "--user", `--map-user=${guestIds.uid}`, `--map-group=${guestIds.gid}`],
    // With the right to mount; only the Rust daemon gets it through another user namespace.
    ...(inCell
      ? ["--keep-caps", "--mount", "--", "sh", options.cellScript, dirname(socketPath), access, dir]
      : ["--"]),
    daemon.path,
    `--socket-path=${inCell ? basename(socketPath) : socketPath}`,
    ...(daemon.kind === "c"
      ? ["-f", "-o", `source=${libfuseValue(dir)}`, "-o", "cache=auto,sandbox=namespace"]
      : ["--shared-dir", dir, "--cache=auto", "--sandbox=namespace"]),
    ...(readOnly && daemon.canReadOnly ? ["--readonly"] : []),
  ];
}

/** A value in an option list of libfuse: a backslash escapes the next character. */
function libfuseValue(value: string): string {
  return value.replaceAll(/[\\,]/g, (char) => `\\${char}`);
}
