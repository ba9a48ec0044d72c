import { bytesText } from "../base/text/bytes.ts";
import { renderTable } from "../base/terminal/table.ts";
import type { Saving, TidyOutcome } from "./tidy.ts";

/** The result of tidying, as text. */
export function tidyText(name: string, { guest, host, faults }: TidyOutcome): string {
  return [
    renderTable([
      ["", "before", "after", "won"],
      row(`in guest "${name}"`, guest),
      row("its disk's file here", host),
    ], { right: [1, 2, 3] }),
    ...faults.flatMap(({ what, command, status, output }) => [
      `failed: ${what}: status ${status} of ${command}`,
      ...output.map((line) => `  ${line}`),
    ]),
  ].join("\n");
}

function row(what: string, { before, after, won }: Saving): string[] {
  const sign = won < 0 ? "-" : "";
  return [what, bytesText(before), bytesText(after), `${sign}${bytesText(Math.abs(won))}`];
}
