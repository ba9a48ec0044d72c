// Builds the project on the host and in every guest.
//   deno task build-all [PLATFORM...]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import {
  ARTIFACTS_OPTION,
  GUEST_OPTIONS,
  HTML_OPTION,
  INCREMENTAL_OPTION,
  NETWORK_OPTION,
  platformsPositional,
  PROJECT_OPTION,
} from "../lib/image/parts/common_options.ts";
import { platformsDir } from "../lib/base/files/paths.ts";

export const spec = {
  name: "build-all",
  group: "local CI",
  summary: "Build the project on the host and in every guest; one verdict",
  description: [
    "Builds in parallel as far as the host's memory and cores allow; a failed platform does not stop",
    "the others. With --yes, missing tools and images are set up first. Platforms that cannot be built",
    "yet are listed as skipped, unless they are named. Without names it builds on the host, in the",
    "platforms that setup-images sets up by default, and in the others that are set up.",
  ].join("\n"),
  positionals: [
    platformsPositional(
      "where to build: platforms, or native for the host (default: native and what is set up)",
      [
        "native",
      ],
    ),
  ],
  options: [
    PROJECT_OPTION,
    ARTIFACTS_OPTION,
    ...GUEST_OPTIONS,
    NETWORK_OPTION,
    INCREMENTAL_OPTION,
    {
      name: "jobs",
      short: "j",
      type: "number",
      min: 1,
      help: "builds at a time (default: cores)",
    },
    HTML_OPTION,
    { name: "strict", type: "boolean", help: "treat a platform that is not set up as an error" },
  ],
  examples: [
    {
      goal: "from a fresh clone, build the sample everywhere",
      command: "deno task build-all --yes",
    },
    { goal: "build on the host and one guest", command: "deno task build-all native debian-arm64" },
    { goal: "use the verdict in a script", command: "deno task build-all --json" },
    {
      goal: "see where the time goes",
      command: "deno task build-all --html artifacts/timeline.html",
    },
  ],
  runs: "cmake on the host; qemu-system-*, ssh, rsync for guests",
  env: [
    { name: "GUESTHOUSE_IMAGES", help: "directory of the images (default: images/dist)" },
    { name: "GUESTHOUSE_LOGS", help: "directory of the logs (default: logs)" },
    { name: "GUESTHOUSE_STATE", help: "directory of keys and run records (default: .guesthouse)" },
  ],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { loadUserProject } = await import("../lib/project/load_project.ts");
  const { networkRule } = await import("../lib/project/guest_rules.ts");
  const { usualPlatforms } = await import("../lib/setup/usual_platforms.ts");
  const { artifactsTarget } = await import("../lib/ci/artifacts_dir.ts");
  const { NATIVE } = await import("../lib/ci/native.ts");
  const { prepareGuests } = await import("../lib/setup/prepare.ts");
  const { buildEverywhere, dryRunAll } = await import("../lib/ci/build_all.ts");
  const { buildDocument, exitStatus, renderSummary, reportFailures } = await import(
    "../lib/report/build_report.ts"
  );
  const { pageTarget, writePage } = await import("../lib/report/page_file.ts");
  const { opt, positionals: named } = ctx;
  const project = await loadUserProject(opt.project);
  const platforms = await usualPlatforms(platformsDir, named);
  const native = named.length === 0 || named.includes(NATIVE);
  // Errors in them should be reported before images are built.
  const names = [...native ? [NATIVE] : [], ...platforms.map(({ name }) => name)];
  const artifactsDir = await artifactsTarget(opt.artifacts, names);
  const page = await pageTarget(opt.html, ctx);
  const network = networkRule(opt.network, ctx.log, project);
  const request = { project, artifactsDir, platforms, native, network, opt };
  if (ctx.dryRun) return await dryRunAll(ctx, request);
  const skipped = await prepareGuests(platforms, ctx, {
    task: spec.name,
    groups: native ? ["native"] : [],
    mayLackImages: !opt.strict && named.length === 0,
  });
  const { results, spans } = await buildEverywhere(ctx, request, skipped);
  ctx.result(buildDocument(results));
  reportFailures(ctx, results);
  if (!ctx.quiet) ctx.print(renderSummary(results));
  if (page !== undefined) {
    const { buildPage } = await import("../lib/report/build_page.ts");
    const { hostFacts } = await import("../lib/host/facts.ts");
    const [date, host] = [new Date(), await hostFacts()];
    await writePage(ctx, page, buildPage({ project: project.name, date, host, results, spans }));
  }
  return exitStatus(results);
}

if (import.meta.main) await runTask(spec, main);
