import { wordText } from "../text/command_text.ts";

/** The next step where a log says more than a message can, and nothing better is known. */
export function diagnoseCommand(log: string): string {
  return `deno task ci-diagnose ${wordText(log)}`;
}
