// Sets a guest's image up by hand, on its serial console.
//   deno task provision-manual PLATFORM
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { PLATFORM_POSITIONAL } from "../lib/image/parts/common_options.ts";
import { platformsDir } from "../lib/base/files/paths.ts";

export const spec = {
  name: "provision-manual",
  group: "local CI",
  summary: "Set up an image by hand, on its serial console",
  description: [
    "Boots the platform's image, or its publisher's disk if there is no image yet, with its serial",
    "console on this terminal and with access to the network. When you shut it down, what you have",
    "changed becomes the image, if a guest of it then answers over SSH as builds need it. Only for",
    "platforms that boot from their own disk, such as FreeBSD and NetBSD; setup-images sets them up",
    "by itself.",
  ].join("\n"),
  positionals: [PLATFORM_POSITIONAL],
  options: [],
  omit: ["json"],
  examples: [
    { goal: "add a package to an image", command: "deno task provision-manual freebsd-amd64" },
  ],
  runs: "qemu-system-*, qemu-img, ssh",
  env: [
    { name: "GUESTHOUSE_IMAGES", help: "directory of the images (default: images/dist)" },
    { name: "GUESTHOUSE_STATE", help: "directory of locks and verdicts (default: .guesthouse)" },
  ],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { loadPlatform } = await import("../lib/config/platform.ts");
  const { provisionByHand } = await import("../lib/setup/by_hand.ts");
  await provisionByHand(await loadPlatform(platformsDir, ctx.positionals[0]), ctx);
  return 0;
}

if (import.meta.main) await runTask(spec, main);
