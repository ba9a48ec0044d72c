import { didYouMean } from "../cli/suggest.ts";
import { UsageError } from "../base/errors.ts";
import type { Log } from "../base/terminal/log.ts";
import { NETWORK_MODES, type NetworkRule, parseNetwork } from "../config/network.ts";
import type { Project } from "./project.ts";

/**
 * The command line's rule, or else the project's (with a note if it opens more), or else internet.
 */
export function networkRule(
  flag: string | undefined,
  log: Log,
  project?: Pick<Project, "network">,
): NetworkRule {
  if (flag === undefined) {
    const rule = project?.network ?? "internet";
    if (rule === "open") {
      log.warn(
        'The project asks for an open network ("network" in guesthouse.json): what it runs in guests ' +
          "reaches all that this host reaches, its own services included. " +
          "To refuse: --network internet",
      );
    }
    return rule;
  }
  const rule = parseNetwork(flag);
  if (rule !== undefined) return rule;
  const hint = didYouMean(flag, NETWORK_MODES);
  throw new UsageError(`Cannot use --network ${JSON.stringify(flag)}: it names no rule${hint}`, {
    next: "pass internet, none, open, or host names with commas between them",
  });
}

/** What `--append` adds to the kernel's command line. */
export function kernelWords(append: string | undefined): string[] {
  return (append ?? "").split(/\s+/).filter((word) => word !== "");
}
