// Measures boots, builds and the tasks themselves.
//   deno task bench [PLATFORM...] [--runs N] [--only NAME] [--from-nothing]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import {
  ACCEL_OPTION,
  HTML_OPTION,
  platformsPositional,
} from "../lib/image/parts/common_options.ts";
import { MEASUREMENTS } from "../lib/bench/targets.ts";
import { platformsDir } from "../lib/base/files/paths.ts";

export const spec = {
  name: "bench",
  group: "development",
  summary: "Measure boots, builds and the tasks themselves",
  description: [
    "Guests run one at a time. Figures depend on the load of the machine: a missed target is reported",
    "but is not a failure. A row that could not be measured is one.",
  ].join("\n"),
  positionals: [platformsPositional("the platforms to measure (default: those that are set up)")],
  options: [
    {
      name: "runs",
      type: "number",
      min: 1,
      max: 100,
      default: 3,
      help: "how often to measure each row; the median counts",
    },
    {
      name: "only",
      type: "string",
      value: "NAME",
      repeat: true,
      choices: MEASUREMENTS,
      help: "measure only this (default: all except micro, dev and from-nothing)",
    },
    {
      name: "from-nothing",
      type: "boolean",
      help: "also time the first build-all of a fresh checkout, once; takes minutes",
    },
    ACCEL_OPTION,
    {
      name: "project",
      type: "string",
      value: "DIR",
      help: "the project to build (default: the sample)",
    },
    HTML_OPTION,
  ],
  omit: ["dry-run"],
  examples: [
    { goal: "measure everything that is quick", command: "deno task bench" },
    {
      goal: "compare cold with warm starts on one platform",
      command: "deno task bench debian-arm64 --only first-command --only warm-command",
    },
    {
      goal: "see where the time goes",
      command: "deno task bench --only build-vm --html artifacts/bench.html",
    },
    { goal: "see whether --help is quick", command: "deno task bench --only help --runs 9" },
  ],
  runs: "qemu-system-*, ssh, rsync, deno task",
} as const satisfies TaskSpec;

/** Rows that take minutes, or need parts that may not have been built. */
const ON_DEMAND: readonly string[] = ["micro", "dev", "from-nothing"];

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { usualPlatforms } = await import("../lib/setup/usual_platforms.ts");
  const { runBench } = await import("../lib/bench/bench.ts");
  const { benchText } = await import("../lib/bench/bench_report.ts");
  const { pageTarget, writePage } = await import("../lib/report/page_file.ts");
  const page = await pageTarget(ctx.opt.html, ctx);
  const { only, project } = ctx.opt;
  const names: readonly string[] = only.length > 0
    ? only
    : MEASUREMENTS.filter((name) => !ON_DEMAND.includes(name));
  const { host, rows, ratios } = await runBench(ctx, {
    platforms: await usualPlatforms(platformsDir, ctx.positionals),
    wanted: new Set(
      MEASUREMENTS.filter((name) =>
        names.includes(name) || name === "from-nothing" && ctx.opt.fromNothing
      ),
    ),
    runs: ctx.opt.runs,
    accelerator: ctx.opt.accel,
    projectDir: project === undefined
      ? undefined
      : (await (await import("../lib/project/load_project.ts")).loadUserProject(project)).dir,
  });
  const ok = rows.every(({ error }) => error === undefined);
  ctx.print(benchText(rows, ratios));
  ctx.result({ ok, host, rows, ratios });
  if (page !== undefined) {
    const { benchPage } = await import("../lib/report/bench_page.ts");
    await writePage(ctx, page, benchPage({ date: new Date(), host, rows, ratios }));
  }
  return ok ? 0 : 1;
}

if (import.meta.main) await runTask(spec, main);
