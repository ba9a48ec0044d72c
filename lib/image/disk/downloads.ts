import { join } from "@std/path";
import { imageCacheDir } from "../../base/files/paths.ts";

/** How a download is come by. */
export interface DownloadHow {
  /** A file of the user's own that takes the download's place; its checksum must be the same. */
  readonly from?: string | undefined;
  /** Whether nothing may be fetched. */
  readonly offline?: boolean | undefined;
  /** Whether to ask the publisher for a newer file, and to pin that one from now on. */
  readonly update?: boolean | undefined;
}

/** Where a platform's downloads are kept. */
export const downloadsDir = (name: string): string => join(imageCacheDir(), "downloads", name);
