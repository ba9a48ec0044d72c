import { basename } from "@std/path";
import { isUsableTemp } from "../files/paths.ts";

/** The user's variables for every program: none is secret, and none changes what programs do. */
export const COMMON_VARIABLES: readonly string[] = [
  ...["HOME", "LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LOGNAME", "PATH"],
  ...["TERM", "TMPDIR", "TZ", "USER", "XDG_RUNTIME_DIR"],
];

/** How a program that downloads reaches the network, and which certificates it trusts. */
const NETWORK = [
  ...["http_proxy", "https_proxy", "all_proxy", "no_proxy"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"],
  ...["SSL_CERT_DIR", "SSL_CERT_FILE", "NIX_SSL_CERT_FILE", "CURL_CA_BUNDLE"],
];
const APT = [...NETWORK, "APT_CONFIG"];
const RUST = [
  ...["CARGO_HOME", "CARGO_HTTP_CAINFO", "CARGO_HTTP_PROXY", "CARGO_NET_OFFLINE"],
  ...["RUSTUP_AUTO_INSTALL", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"],
];

/** What some programs need besides. Permission sets that name the program cover the variables. */
export const MORE_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  "apt-cache": APT,
  "apt-get": APT,
  "mmdebstrap": APT,
  "cargo": [...NETWORK, ...RUST],
  // Where the user's own settings lie, such as what is ignored everywhere.
  "git": ["GIT_CONFIG_GLOBAL", "XDG_CONFIG_HOME"],
  "rustc": RUST,
};

/** What QEMU needs for a window of its own; only the dev guest has one. */
export const WINDOW_VARIABLES: readonly string[] = [
  ...["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_DATA_DIRS"],
];

/** The names that Deno hands to a child only without a list of programs: the linker's. */
const LOADER = /^(?:LD|DYLD)_/;

/** Those that are set most often, for sets of permissions that cannot ask for all names. */
const USUAL_LOADER = [
  ...["LD_AUDIT", "LD_BIND_NOW", "LD_DEBUG", "LD_LIBRARY_PATH", "LD_PRELOAD", "LD_RUN_PATH"],
  ...["DYLD_FALLBACK_FRAMEWORK_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH"],
  ...["DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH"],
];

/** A program's environment, without the user's secrets; also without what permissions deny. */
export function cleanEnvironment(program: string): Record<string, string> {
  const more = MORE_VARIABLES[basename(program)] ??
    (basename(program).startsWith("qemu-system-") ? WINDOW_VARIABLES : []);
  const found = [...COMMON_VARIABLES, ...more].flatMap((name) => {
    const value = readVariable(name);
    // Compilers, go and nix fail for want of that directory, instead of taking another one.
    if (value === undefined || (name === "TMPDIR" && !isUsableTemp(value))) return [];
    return [[name, value] as const];
  });
  return Object.fromEntries(found);
}

/** A variable, if the task's permission set covers it. */
export function readVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** How a command gets the user's whole environment. */
interface WholeEnvironment {
  readonly command: readonly string[];
  /** To set besides what is inherited. */
  readonly env: Readonly<Record<string, string>>;
}

/** Sets the variables before "--" and becomes what follows it. */
const RESTORE = 'while [ "$1" != -- ]; do export "$1"; shift; done; shift; exec "$@"';

/**
 * A command with the user's whole environment. Deno refuses to start anything with a variable of
 * the dynamic linker, so a shell sets those; without permission for all variables they are lost.
 */
export function wholeEnvironment(
  command: readonly string[],
  more: Readonly<Record<string, string>> = {},
): WholeEnvironment {
  const all = Deno.permissions.querySync({ name: "env" }).state === "granted"
    ? Object.entries(Deno.env.toObject())
    : USUAL_LOADER.map((name) => [name, ""] as const);
  const loader = [...all, ...Object.entries(more)].filter(([name]) => LOADER.test(name));
  const set = loader.filter(([, value]) => value !== "").map(([name, value]) => `${name}=${value}`);
  return {
    command: set.length === 0 ? command : ["sh", "-c", RESTORE, "sh", ...set, "--", ...command],
    env: { ...more, ...Object.fromEntries(loader.map(([name]) => [name, ""])) },
  };
}
