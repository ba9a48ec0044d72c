import type { Ratio, Row } from "../report/row.ts";
import { toHundredths } from "../report/statistics.ts";

/** What is compared, and by which rows. */
const PAIRS: readonly (readonly [name: string, cold: string, warm: string])[] = [
  ["first command", "first command", "warm first command"],
  ["around the compile", "build-vm: around the compile", "warm build-vm: around the compile"],
];

/** Compares cold with warm starts wherever both were measured on the same platform. */
export function ratios(rows: readonly Row[]): Ratio[] {
  const platforms = new Set(rows.flatMap(({ platform }) => platform ?? []));
  return [...platforms].flatMap((platform) =>
    PAIRS.flatMap(([name, coldName, warmName]) => {
      const find = (wanted: string) =>
        rows.find((row) => row.name === wanted && row.platform === platform)?.median;
      const [cold, warm] = [find(coldName), find(warmName)];
      if (!cold || !warm) return [];
      return [{ name, platform, cold, warm, ratio: toHundredths(cold / warm) }];
    })
  );
}
