import { join } from "@std/path";
import { elfHeader } from "../../lib/image/format/elf_testing.ts";
import type { Arch } from "../../lib/config/archs.ts";
import { partRecipe } from "../../lib/image/parts/recipes.ts";
import type { PartRequest } from "../../lib/image/parts/part_names.ts";
import { ensurePart } from "../../lib/image/parts/part_store.ts";

const signal = new AbortController().signal;

/** Sets where this process sees images, until disposal. */
export function seeImages(dir: string): Disposable {
  const before = Deno.env.get("GUESTHOUSE_IMAGES");
  Deno.env.set("GUESTHOUSE_IMAGES", dir);
  return {
    [Symbol.dispose]() {
      if (before === undefined) Deno.env.delete("GUESTHOUSE_IMAGES");
      else Deno.env.set("GUESTHOUSE_IMAGES", before);
    },
  };
}

/** Puts a stand-in where a part would be, as fresh as if its recipe had made it now. */
export async function placePart(
  request: PartRequest,
  contentOf: (file: string) => Uint8Array<ArrayBuffer>,
): Promise<void> {
  const recipe = await partRecipe(request, signal);
  const build = async (dir: string) => {
    for (const file of recipe.outputs) await Deno.writeFile(join(dir, file), contentOf(file));
  };
  await ensurePart({ ...recipe, build }, {
    ...{ signal, onPhase: () => {}, log: () => {} },
    force: true,
  });
}

/** The header of a program for an architecture, and so many bytes that do not pack. */
export function programFor(arch: Arch, bytes: number): Uint8Array<ArrayBuffer> {
  const program = new Uint8Array(64 + bytes);
  // Numbers of machines from the ELF specification.
  program.set(elfHeader({ bits: 64, machine: arch === "x86_64" ? 62 : 183 }));
  for (let offset = 64; offset < program.length; offset += 65_536) {
    crypto.getRandomValues(program.subarray(offset, offset + 65_536));
  }
  return program;
}
