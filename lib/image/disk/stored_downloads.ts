import { basename, dirname, join } from "@std/path";
import { dirNames, fileNames } from "../../base/files/directories.ts";
import type { Entry } from "../../store/entry.ts";
import { voucherPath } from "../../store/vouched.ts";
import { downloadsDir } from "./downloads.ts";
import { pinsPath, readImagePins } from "./image_pins.ts";

/** A downloaded file as `gc` lists it. */
interface StoredDownload extends Entry {
  /** Why it is no longer needed, where it is not. */
  readonly why: string | undefined;
}

/** `DIGEST16.FORMAT`, and what is not proven, or was refused. */
const NAME = /^([0-9a-f]{16})\.(?:qcow2|raw)(\.part|\.unpacking|\.quarantined)?$/;

/**
 * The files in the store of downloads. What is pinned stays, and what has arrived of it, until the
 * platform is gone: an image can be made of it again without the network.
 */
export async function storedDownloads(
  platforms: readonly string[],
  pins: string = pinsPath(),
): Promise<StoredDownload[]> {
  const pinned = await readImagePins(pins);
  const found: StoredDownload[] = [];
  for (const name of await dirNames(dirname(downloadsDir("any")))) {
    const dir = downloadsDir(name);
    for (const file of await fileNames(dir)) {
      const [, digest, state] = NAME.exec(file) ?? [];
      if (digest === undefined) continue;
      const path = join(dir, file);
      const isOther = pinned[name] !== undefined && !pinned[name].digest.startsWith(digest);
      found.push({
        ...{
          kind: "download",
          path,
          what: `${name}/${basename(path)}`,
          locks: [join(dir, "lock")],
        },
        ...state === undefined ? { voucher: voucherPath(path) } : {},
        why: state === ".quarantined"
          ? "it was refused for its checksum"
          : state === ".unpacking"
          ? "its task was killed"
          : !platforms.includes(name)
          ? "there is no such platform"
          : isOther
          ? "another file is pinned now"
          : undefined,
      });
    }
  }
  return found;
}
