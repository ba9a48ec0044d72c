import { isCommon, loadPlatforms, type Platform } from "../config/platform.ts";
import { currentVersion } from "../image/platform/current.ts";

/** The platforms of these names; without names, the common ones and the others that are set up. */
export async function usualPlatforms(
  platformsDir: string,
  names: readonly string[],
): Promise<Platform[]> {
  const all = await loadPlatforms(platformsDir);
  if (names.length > 0) return all.filter(({ name }) => names.includes(name));
  const usual = await Promise.all(
    all.map(async (platform) =>
      isCommon(platform) || (await currentVersion(platform.name))?.version !== undefined
    ),
  );
  return all.filter((_, index) => usual[index]);
}
