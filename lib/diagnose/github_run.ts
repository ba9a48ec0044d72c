import { HostError, UsageError } from "../base/errors.ts";
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
  const what = `Cannot read run ${id}: `;
  if (findProgram("gh") === undefined) {
    const [, install] = INSTALL.find(([manager]) => findProgram(manager) !== undefined) ?? [];
    throw new HostError(`${what}"gh" is not installed`, {
      details: ["--run uses GitHub's command line program"],
      next: install ?? "install GitHub's command line program: https://cli.github.com",
    });
  }
  const { code, stdout, stderr } = await run(runLogCommand(id), {
    ...{ cwd: dir, timeoutMs: TIMEOUT_MS, signal },
    // Its variables may contain the login.
    environment: "user",
  }).catch((error) => {
    if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
    throw new HostError(`${what}GitHub did not answer within 120 s`, {
      next: "run it again, or download the logs and name the file",
    });
  });
  if (code === 0) return { name: `run ${id}`, lines: plainLines(stdout) };
  const details = stderr.trim().split("\n").slice(-6).map((line) => `gh: ${line}`);
  if (/auth login|GH_TOKEN|HTTP 401/.test(stderr)) {
    throw new HostError(`${what}gh is not logged in`, { details, next: "gh auth login" });
  }
  const options = { details, next: "gh run list --status failure" };
  throw /HTTP 404|not found|could not find/i.test(stderr)
    ? new UsageError(`${what}the repository has no such run`, options)
    : new HostError(`${what}gh failed`, options);
}
