import { basename } from "@std/path";
import { HostError } from "../../base/errors.ts";
import type { Log } from "../../base/terminal/log.ts";
import { commandText } from "../../base/text/command_text.ts";
import type { HostFacts, PackageManager } from "../facts.ts";
import { findProgram } from "../../base/process/find_program.ts";
import type { RunResult } from "../../base/process/run.ts";
import { $ } from "../../base/process/dollar.ts";
import type { ToolVerdict } from "./tools.ts";

export interface InstallPlan {
  /** In order; none if nothing is wrong, or if nothing is known to help. */
  readonly commands: readonly (readonly string[])[];
  /** Whether a task may run them: they need no password, and ordinary users expect them. */
  readonly automatic: boolean;
  /** The commands as one line to paste into a shell. */
  readonly text: string;
  /** Tools that this host's package manager does not have. */
  readonly unavailable: readonly string[];
}

/** What {@link installPlan} needs to know about the host. */
export interface InstallHost extends Pick<HostFacts, "packageManager" | "isRoot" | "arch"> {
  /** Whether sudo is installed and needs no password. */
  readonly haveSudo: boolean;
  /** Whether it is not even installed, as on Debian with a password of root's. Default false. */
  readonly lacksSudo?: boolean;
  /** Whether apt knows of any packages at all: on a new machine it often does not. */
  readonly haveAptLists: boolean;
}

/** Plans how to install the tools that are missing, too old or broken. */
export function installPlan(verdicts: readonly ToolVerdict[], host: InstallHost): InstallPlan {
  const manager = host.packageManager;
  const wanting = verdicts.filter(({ status }) => status !== "ok").map(({ tool }) => tool);
  const packages = new Set<string>();
  const commands: (readonly string[])[] = [];
  const setups: (readonly string[])[] = [];
  const unavailable: string[] = [];
  for (const tool of wanting) {
    const fetcher = tool.setup?.find();
    if (tool.setup !== undefined && fetcher !== undefined) {
      addOnce(setups, [fetcher, ...tool.setup.args]);
      continue;
    }
    const name = manager && tool.packages[manager];
    const command = manager && tool.command?.[manager];
    if (name !== undefined) packages.add(name);
    else if (command === undefined) unavailable.push(tool.name);
    else addOnce(commands, command);
    if (manager !== undefined && tool.setup !== undefined && name === tool.setup.package) {
      addOnce(setups, [tool.setup.places[manager] ?? name, ...tool.setup.args]);
    }
  }
  const special = commands.length > 0;
  if (manager !== undefined && packages.size > 0) {
    commands.push(...throughSu(managerCommands(manager, [...packages], host), host));
  }
  commands.push(...setups);
  return {
    commands,
    automatic: commands.length > 0 && !special && (packages.size === 0 || runsUnattended(host)),
    text: commands.map((command) => pasteable(command, host)).join(" && "),
    unavailable,
  };
}

/** Adds a command that is not in the list yet. */
function addOnce(commands: (readonly string[])[], command: readonly string[]): void {
  if (commands.every((known) => commandText(known) !== commandText(command))) {
    commands.push(command);
  }
}

function pasteable(command: readonly string[], host: InstallHost): string {
  const asks = host.isRoot && command[0] === "apt-get";
  const prefix = asks ? `${QUIET_APT[0]} ` : "";
  return `${prefix}${commandText(command)}`;
}

function runsUnattended({ packageManager, isRoot, haveSudo }: InstallHost): boolean {
  return packageManager === "brew" || (packageManager === "apt" && (isRoot || haveSudo));
}

function managerCommands(
  manager: PackageManager,
  packages: readonly string[],
  host: InstallHost,
): (readonly string[])[] {
  switch (manager) {
    case "apt": {
      return [
        ...host.haveAptLists ? [] : [aptCommand(host, ["update"])],
        aptCommand(host, ["install", "-y", "--no-install-recommends", ...packages]),
      ];
    }
    case "brew":
      return [["brew", "install", ...packages]];
    case "dnf":
      return [[...asRoot(host), "dnf", "install", "-y", ...packages]];
    case "pacman":
      return [[...asRoot(host), "pacman", "-S", "--needed", ...packages]];
    case "nix":
      return [[
        ...["nix", "--extra-experimental-features", "nix-command flakes", "profile", "install"],
        ...packages.map((name) => `nixpkgs#${name}`),
      ]];
  }
}

/** Without sudo, one command that asks for root's password once; Homebrew and Nix need no root. */
function throughSu(
  commands: readonly (readonly string[])[],
  host: InstallHost,
): readonly (readonly string[])[] {
  if (!needsSu(host) || host.packageManager === "brew" || host.packageManager === "nix") {
    return commands;
  }
  // As at a login: dpkg needs root's own PATH.
  return [["su", "-", "-c", commands.map(commandText).join(" && ")]];
}

const needsSu = ({ isRoot, lacksSudo = false }: InstallHost) => !isRoot && lacksSudo;

/** No questions from packages, and messages in the language that {@link remedies} reads. */
const QUIET_APT = ["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"] as const;

/** A machine that has just booted often runs apt, hence the wait for its lock. */
function aptCommand(host: InstallHost, args: readonly string[]): readonly string[] {
  return [
    ...asRootQuietly(host),
    ...["apt-get", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3", ...args],
  ];
}

/** With `-n`, sudo fails if it would ask for a password, which nobody could answer. */
function asRoot(host: InstallHost): string[] {
  if (host.isRoot || needsSu(host)) return [];
  return host.haveSudo ? ["sudo", "-n"] : ["sudo"];
}

/** sudo passes no variables on, so `env` sets them behind it; for root, {@link run} does. */
function asRootQuietly(host: InstallHost): string[] {
  return host.isRoot ? [] : [...asRoot(host), "env", ...QUIET_APT];
}

/** See {@link InstallHost.lacksSudo}. */
export const lacksSudo = (): boolean => findProgram("sudo") === undefined;

/** See {@link InstallHost.haveSudo}. */
export async function havePasswordlessSudo(): Promise<boolean> {
  if (lacksSudo()) return false;
  return await $`sudo -n true`.with({ timeoutMs: 5000 }).code().catch(() => 1) === 0;
}

/** Whether apt has fetched any list of packages. */
export async function haveAptLists(dir = "/var/lib/apt/lists"): Promise<boolean> {
  try {
    for await (const entry of Deno.readDir(dir)) {
      if (/_Packages(\.\w+)?$/.test(entry.name)) return true;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}

export interface InstallOptions {
  readonly log: Pick<Log, "info" | "debug">;
  readonly signal?: AbortSignal;
  /** Leaves the processors to whatever else wants them. */
  readonly isPatient?: boolean;
}

/** For dpkg to end what it is writing. What it leaves undone, {@link remedies} completes later. */
const GRACE_MS = 10_000;
/** How often, and how long apart, a held list lock is tried again: two minutes in all. */
const LOCK_TRIES = 24;
const LOCK_RETRY_MS = 5000;

/**
 * Runs the plan's commands; also fetches outdated package lists and completes an interrupted dpkg.
 * Throws {@link HostError} with the end of the output.
 */
export async function runInstall(
  plan: InstallPlan,
  host: InstallHost,
  options: InstallOptions,
): Promise<void> {
  for (const command of plan.commands) {
    let result = await runLogged(command, options);
    for (const remedy of result.code === 0 ? [] : remedies(result, command, host)) {
      options.log.info(remedy.why);
      await runLogged(remedy.command, options);
      result = await runLogged(command, options);
      if (result.code === 0) break;
    }
    if (result.code !== 0) throw installError(command, result);
  }
}

interface Remedy {
  readonly why: string;
  readonly command: readonly string[];
}

/** What may help a failed apt. */
export function remedies(
  { stderr, stdout }: Pick<RunResult, "stderr" | "stdout">,
  command: readonly string[],
  host: InstallHost,
): Remedy[] {
  const output = `${stdout}\n${stderr}`;
  if (!command.includes("apt-get")) return [];
  const found: Remedy[] = [];
  if (/dpkg was interrupted/.test(output)) {
    found.push({
      why: "An earlier installation was interrupted",
      command: [...asRootQuietly(host), "dpkg", "--configure", "-a"],
    });
  }
  const staleLists =
    /Unable to locate package|no installation candidate|Failed to fetch|404 +Not Found/i;
  if (command.includes("install") && staleLists.test(output)) {
    found.push({ why: "The package lists are out of date", command: aptCommand(host, ["update"]) });
  }
  return found;
}

async function runLogged(
  command: readonly string[],
  { log, signal, isPatient = false }: InstallOptions,
): Promise<RunResult> {
  log.info(commandText(command));
  for (let tries = 1;; tries++) {
    const result = await $`${isPatient ? ["nice", "-n", "19"] : []} ${command}`.noThrow().with({
      signal,
      environment: "user",
      stdout: "tail",
      env: Object.fromEntries(QUIET_APT.map((assignment) => assignment.split("="))),
      graceMs: GRACE_MS,
      onOutput: (text) => text.trimEnd().split("\n").forEach((line) => showLine(line, log)),
    });
    // DPkg::Lock::Timeout does not cover the lock on the lists.
    const locked = /Could not get lock \/var\/lib\/apt\/lists/.test(result.stderr);
    if (result.code === 0 || !locked || tries === LOCK_TRIES) return result;
    if (tries === 1) log.info("Waiting for another apt to end");
    await pause(LOCK_RETRY_MS, signal);
  }
}

/** The amount to download is worth showing; the hundreds of other lines are not. */
function showLine(line: string, log: InstallOptions["log"]): void {
  if (/^(Need to get|Fetched) /.test(line)) log.info(line);
  else log.debug(line);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = () => resolve();
  signal?.addEventListener("abort", abort, { once: true });
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener("abort", abort);
  signal?.throwIfAborted();
}

/** Ubuntu has it since 24.04, in a part of its archive that may be off. */
const RUSTUP_BY_HAND = "sudo add-apt-repository -y universe, or, where the system has no package " +
  "of rustup, install it from https://rustup.rs; then run the task again";

function installError(command: readonly string[], result: RunResult): HostError {
  const tail = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-12);
  const isRustup = basename(command[0] ?? "") === "rustup";
  const by = isRustup ? "rustup" : "the package manager";
  const lacksRustup = /Unable to locate package rustup|Package '?rustup'? has no/.test(
    tail.join(" "),
  );
  return new HostError(
    `Cannot install the missing tools: ${by} exited with status ${result.code}`,
    { details: tail, next: lacksRustup ? RUSTUP_BY_HAND : commandText(command) },
  );
}
