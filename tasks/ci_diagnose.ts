// Finds the cause of a failed run in its logs, and the fix.
//   deno task ci-diagnose [LOG...] [--run ID]
import { EXIT } from "../lib/base/errors.ts";
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import type { Log } from "../lib/diagnose/log_lines.ts";

export const spec = {
  name: "ci-diagnose",
  group: "local CI",
  summary: "Find the cause of a failed run in its logs, and the fix",
  description: [
    "Knows the symptoms listed in docs/debugging.md. It shows at most three findings: the cause, its",
    "place in the log, the lines around it and the commands that help. Without a LOG it reads the",
    "newest logs of this checkout. Status 0: a cause was found; 1: none was found, and the last lines",
    "of the logs are shown.",
  ].join("\n"),
  positionals: [{
    name: "LOG",
    help: "a log of a console, of QEMU or of a task; a directory of logs; - for standard input",
    repeat: true,
  }],
  options: [{
    name: "run",
    type: "number",
    value: "ID",
    min: 1,
    help: "read what failed in this run of GitHub Actions instead, with gh",
  }],
  conflicts: [{ between: ["LOG", "run"] }],
  omit: ["yes"],
  examples: [
    { goal: "see why the last run failed", command: "deno task ci-diagnose" },
    {
      goal: "see why a guest did not start",
      command: "deno task ci-diagnose logs/debian-arm64.console.log",
    },
    { goal: "see why a run on GitHub failed", command: "deno task ci-diagnose --run 1234567890" },
    { goal: "diagnose any text", command: "journalctl -k | deno task ci-diagnose -" },
  ],
  runs: "gh run view ID --log-failed (with --run only)",
  env: [{ name: "GUESTHOUSE_LOGS", help: "directory of logs (default: logs)" }],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number | void> {
  const { diagnose } = await import("../lib/diagnose/diagnose.ts");
  const { renderFindings, renderTails, SHOWN, tailsOf } = await import(
    "../lib/diagnose/render.ts"
  );
  const logs = await readLogs(ctx);
  if (logs === undefined) return;
  const findings = diagnose(logs);
  const found = findings.length > 0;
  ctx.result({
    ok: found,
    logs: logs.map(({ name }) => name),
    findings: findings.slice(0, SHOWN),
    others: findings.slice(SHOWN).map(({ id }) => id),
    ...found ? {} : { tails: tailsOf(logs) },
  });
  if (ctx.json) return found ? EXIT.ok : EXIT.failed;
  if (found) return ctx.print(renderFindings(findings));
  ctx.print(renderTails(logs));
  ctx.log.warn(`no known symptom in ${logs.map(({ name }) => name).join(", ")}`);
  ctx.log.info(
    "Read logs/PLATFORM.log, .console.log and .qemu.log; docs/debugging.md says what each contains",
  );
  return EXIT.failed;
}

/** The requested logs; none with `--dry-run`, which only prints what would be read. */
async function readLogs(ctx: ContextOf<typeof spec>): Promise<Log[] | undefined> {
  const { callersDir } = await import("../lib/cli/output_path.ts");
  const { readNamedLogs, readNewestLogs } = await import("../lib/diagnose/find_logs.ts");
  const { logsDir } = await import("../lib/base/files/paths.ts");
  const id = ctx.opt.run;
  const names = ctx.positionals;
  if (id === undefined) {
    if (ctx.dryRun) return void ctx.print(`read ${names.join(" ") || logsDir()}`);
    return names.length > 0
      ? await readNamedLogs(names, callersDir())
      : await readNewestLogs(logsDir(), callersDir());
  }
  const { readGitHubRun, runLogCommand } = await import("../lib/diagnose/github_run.ts");
  if (ctx.dryRun) return void ctx.print(runLogCommand(id).join(" "));
  return [await readGitHubRun(id, { dir: callersDir(), signal: ctx.signal })];
}

if (import.meta.main) await runTask(spec, main);
