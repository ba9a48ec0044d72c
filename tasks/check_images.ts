// Boots each variant's microVM and checks what its users rely on.
//   deno task check-images [VARIANT...] [--arch ARCH]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { ACCEL_OPTION } from "../lib/image/parts/common_options.ts";
import { MICRO_ARCHS } from "../lib/config/archs.ts";
import { VARIANTS } from "../lib/config/parts.ts";

export const spec = {
  name: "check-images",
  group: "image parts",
  summary: "Boot the microVM of each variant and check what it offers",
  description:
    "Checks version, clock, network off, a file copied there and back, and code in its language.",
  positionals: [{
    name: "VARIANT",
    help: "the variants to check (default: all)",
    repeat: true,
    choices: VARIANTS,
  }],
  options: [
    {
      name: "arch",
      type: "string",
      value: "ARCH",
      choices: [...MICRO_ARCHS, "all"],
      help: "the guests' architecture, or all (default: the host's)",
    },
    {
      name: "kernel",
      type: "string",
      value: "NAME",
      choices: ["micro", "distribution"],
      help: "the kernel (default: that of build-kernel, if it has been built)",
    },
    ACCEL_OPTION,
  ],
  omit: ["dry-run"],
  examples: [
    { goal: "check every variant", command: "deno task check-images" },
    { goal: "check one on both architectures", command: "deno task check-images raw --arch all" },
  ],
  runs: "qemu-system-*",
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { ensureHost } = await import("../lib/host/tools/ensure_host.ts");
  const { renderTable } = await import("../lib/base/terminal/table.ts");
  const { checkImage } = await import("../lib/micro/check_images.ts");
  const { MICRO_SIZE } = await import("../lib/micro/micro_machine.ts");
  const variants = ctx.positionals.length === 0 ? VARIANTS : ctx.positionals;
  const { arch = Deno.build.arch, accel: accelerator, kernel } = ctx.opt;
  const archs = arch === "all" ? MICRO_ARCHS : [arch];
  await ensureHost(["vm"], ctx, { guestArchs: archs, task: spec.name });
  const images = [];
  for (const arch of archs) {
    for (const variant of variants) {
      ctx.log.step(`Check ${variant} on ${arch}`);
      images.push(
        await checkImage({
          ...{ variant, arch, accelerator, kernel, signal: ctx.signal },
          ...{ network: "none", ...MICRO_SIZE },
        }),
      );
    }
  }
  const ok = images.every(({ checks }) => checks.every((check) => check.ok));
  const rows = images.flatMap(({ variant, arch, kernel, checks }) =>
    checks.map((check) => [
      ...[variant, arch, kernel, check.name],
      ...[check.ok ? "pass" : "FAIL", check.found],
    ])
  );
  ctx.print(renderTable([["variant", "arch", "kernel", "check", "result", "found"], ...rows]));
  ctx.result({ ok, images });
  return ok ? 0 : 1;
}

if (import.meta.main) await runTask(spec, main);
