import { join } from "@std/path";
import { sourceName } from "../../../config/image_source.ts";
import type { PlatformOf } from "../../../config/platform.ts";
import { type DownloadHow, downloadsDir } from "../../disk/downloads.ts";
import type { GuestSystem } from "../guest_system.ts";

/** The commands that make the disk on which a downloaded image is set up. */
export const diskCommands = (
  from: { readonly path: string; readonly format: "qcow2" | "raw" },
  to: string,
  diskGiB: number,
): string[][] => [
  ["qemu-img", "convert", "-f", from.format, "-O", "qcow2", from.path, to],
  ["qemu-img", "resize", "-q", "-f", "qcow2", to, `${diskGiB}G`],
];

/** As {@link GuestSystem.dryRun}: what is fetched is shown as the command that would do as much. */
export function dryRun(
  { name, image: { source, diskGiB } }: PlatformOf<"ubuntu">,
  how: DownloadHow = {},
): ReturnType<GuestSystem["dryRun"]> {
  const path = how.from ?? join(downloadsDir(name), sourceName(source.url));
  const fetching = [
    ["curl", "--fail", "--remote-name", source.checksums.url],
    ["curl", "--fail", "--continue-at", "-", "--output", path, source.url],
  ];
  return {
    root: how.from === undefined && how.offline !== true ? fetching : [],
    disk: diskCommands({ path, format: source.format }, "disk.qcow2", diskGiB),
  };
}
