import { HostError, TaskError, UsageError } from "../base/errors.ts";
import { findProgram } from "../base/process/find_program.ts";
import { run } from "../base/process/run.ts";
import { type Log, plainLines } from "./log_lines.ts";

/** How long GitHub may take; the logs of a big run come as one archive. */
const TIMEOUT_MS = 120_000;

/** How to install `gh`, by package manager. */
const INSTALL: readonly (readonly [manager: string, command: string])[] = [
  ["apt-get", "sudo apt-get install gh"],
  ["dnf", "sudo dnf install gh"],
  ["pacman", "sudo pacman -S github-cli"],
  ["brew", "brew install gh"],
  ["nix", "nix profile install nixpkgs#gh"],
];

/** The command that reads the failed steps of a run of GitHub Actions. */
export function runLogCommand(id: number): string[] {
  return ["gh", "run", "view", String(id), "--log-failed"];
}

/**
 * Reads the logs of a run's failed steps with `gh` in the repository's `dir`; empty if none failed.
 * Throws {@link HostError} without a login, {@link UsageError} if there is no such run.
 */
export async function readGitHubRun(
  id: number,
  { dir, signal }: { readonly dir: string; readonly signal: AbortSignal },
): Promise<Log> {
  const command = runLogCommand(id);
  if (findProgram("gh") === undefined) throw missingError(id);
  const { code, stdout, stderr } = await run(command, {
    ...{ cwd: dir, timeoutMs: TIMEOUT_MS, signal },
    // Its variables may contain the login.
    environment: "user",
  })
    .catch((error) => {
      if (error instanceof DOMException && error.name === "TimeoutError") throw lateError(id);
      throw error;
    });
  if (code !== 0) throw runError(id, stderr);
  return { name: `run ${id}`, lines: plainLines(stdout) };
}

function missingError(id: number): HostError {
  const [, install] = INSTALL.find(([manager]) => findProgram(manager) !== undefined) ?? [];
  return new HostError(`Cannot read run ${id}: "gh" is not installed`, {
    details: ["--run uses GitHub's command line program"],
    next: install ?? "install GitHub's command line program: https://cli.github.com",
  });
}

function lateError(id: number): HostError {
  return new HostError(`Cannot read run ${id}: GitHub did not answer within 120 s`, {
    next: "run it again, or download the logs and name the file",
  });
}

function runError(id: number, stderr: string): TaskError {
  const details = stderr.trim().split("\n").slice(-6).map((line) => `gh: ${line}`);
  const message = (why: string) => `Cannot read run ${id}: ${why}`;
  if (/auth login|GH_TOKEN|HTTP 401/.test(stderr)) {
    return new HostError(message("gh is not logged in"), { details, next: "gh auth login" });
  }
  if (/HTTP 404|not found|could not find/i.test(stderr)) {
    return new UsageError(message("the repository has no such run"), {
      details,
      next: "gh run list --status failure",
    });
  }
  return new HostError(message("gh failed"), { details, next: "gh run list --status failure" });
}
