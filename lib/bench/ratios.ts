import type { Ratio, Row } from "../report/row.ts";
import { toHundredths } from "../report/statistics.ts";

/** What is compared: a name, the row of the slow way (mostly the naive one), and ours. */
const PAIRS: readonly (readonly [name: string, naive: string, ours: string])[] = [
  ["boot", "naive: boot", "first command"],
  ["around the compile", "naive: around the compile", "build-vm: around the compile"],
  ["total", "naive: total", "build-vm: total"],
  ["cold boot to warm start", "first command", "warm first command"],
  ["cold to warm build", "build-vm: around the compile", "warm build-vm: around the compile"],
];

/** Compares the naive way with ours wherever both were measured on the same platform. */
export function ratios(rows: readonly Row[]): Ratio[] {
  const platforms = new Set(rows.flatMap(({ platform }) => platform ?? []));
  return [...platforms].flatMap((platform) =>
    PAIRS.flatMap(([name, naiveName, oursName]) => {
      const find = (wanted: string) =>
        rows.find((row) => row.name === wanted && row.platform === platform)?.median;
      const [naive, ours] = [find(naiveName), find(oursName)];
      if (!naive || !ours) return [];
      return [{ name, platform, naive, ours, ratio: toHundredths(naive / ours) }];
    })
  );
}
