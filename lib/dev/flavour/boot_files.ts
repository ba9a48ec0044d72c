import { join } from "@std/path";
import { DIGEST_PATTERN, isSameDigest } from "../../base/files/digest.ts";
import { sha256File } from "../../base/files/file_digest.ts";
import { keepFile, keptState, voucherPath } from "../../store/vouched.ts";
import { HostError } from "../../base/errors.ts";
import { type Image, imageState } from "../../image/platform/platform_image.ts";
import { devImage } from "./debian_image.ts";
import { DEV_FILES } from "../state/dev_paths.ts";
import { readTextIfPresent } from "../../base/files/read_text.ts";

/** The boot files of a guest whose disk has no boot loader; each has to match the disk. */
const FILES = ["kernel", "initramfs"] as const;

/** Copies an image's files into the directory of a guest, and records their digests beside them. */
export async function copyBootFiles(image: Image, dir: string): Promise<void> {
  for (const file of FILES) await copyOne(image.boot![file], join(dir, DEV_FILES[file]));
}

async function copyOne(from: string, to: string): Promise<void> {
  await Deno.copyFile(from, to);
  await keepFile(to, to);
}

/** Copies damaged boot files again from the image. Throws {@link HostError} if that lacks them. */
export async function mendBootFiles(name: string, dir: string): Promise<void> {
  for (const file of FILES) {
    const path = join(dir, DEV_FILES[file]);
    const wanted = (await readTextIfPresent(voucherPath(path)))?.trim() ?? "";
    // Guests that an earlier version created have no record.
    if (!DIGEST_PATTERN.test(wanted) || await keptState(path) === "whole") continue;
    const state = await imageState(await devImage());
    const source = state.kind === "missing" ? undefined : state.image.boot?.[file];
    if (source !== undefined && isSameDigest(await sha256File(source).catch(() => ""), wanted)) {
      await copyOne(source, path);
      continue;
    }
    throw new HostError(`Cannot start guest "${name}": ${path} is missing or damaged`, {
      details: ["its image has a different one now; its disk is unchanged"],
      next: "restore the file from a backup, or deno task arm-dev-init --force for a new guest, " +
        "which destroys the disk",
    });
  }
}
