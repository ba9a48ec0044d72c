import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { join } from "@std/path";
import { packCpio } from "../format/cpio.ts";
import type { Arch } from "../../config/archs.ts";
import { initEntries } from "../boot/initramfs.ts";
import { checkArch } from "./check_arch.ts";
import { partPath, type PartRecipe } from "./part_store.ts";
import { stageInput } from "../stages.ts";

/** The highest level that the kernel's unpacker has the window for. */
const LEVEL = 19;
/** Bytes that are packed at once, a tenth of a second: between them an interruption is noticed. */
const CHUNK = 256 * 1024;

/** How to pack an initramfs: tiny-init, the first device nodes, and modules; zstd, reproducible. */
export function initramfsPart(
  output: string,
  arch: Arch,
  parts: { readonly tinyInit: string; readonly modules?: string },
): PartRecipe {
  const { tinyInit, modules } = parts;
  return {
    title: `${modules === undefined ? "micro-initramfs" : "initramfs"} ${arch}`,
    outputs: [output],
    embeds: [
      { name: "tiny-init", file: tinyInit },
      ...(modules === undefined ? [] : [{ name: "modules", file: modules }]),
    ],
    inputs: [
      // Its zstd packs.
      { name: "Deno", value: Deno.version.deno },
      stageInput("initramfs", {
        zstdLevel: LEVEL,
        entries: JSON.stringify(initEntries(new Uint8Array())),
      }),
    ],
    async build(dir, { onPhase, signal }) {
      onPhase("pack");
      const init = await Deno.readFile(partPath(tinyInit));
      checkArch(init, arch, partPath(tinyInit));
      const base = packCpio(initEntries(init));
      const more = modules === undefined
        ? new Uint8Array()
        : await Deno.readFile(partPath(modules));
      const params = { [constants.ZSTD_c_compressionLevel]: LEVEL };
      await pipeline(
        Readable.from(chunks(base, more)),
        createZstdCompress({ params }),
        createWriteStream(join(dir, output)),
        { signal },
      );
    },
  };
}

function* chunks(...whole: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const bytes of whole) {
    for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
  }
}
