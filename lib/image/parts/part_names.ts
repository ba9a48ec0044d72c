import { PARTS } from "../../config/parts.ts";
import { type Arch, ARCHS } from "../../config/archs.ts";
import { outputNames, type Part, type PartName } from "../../config/parts.ts";
import type { FileSystem } from "../../config/parts.ts";

/** What is built, beside which part and for which architecture. */
export interface PartRequest {
  readonly name: PartName;
  readonly arch: Arch;
  /** Of a variant's disk. Default `ext4`. */
  readonly fs?: FileSystem;
}

/** The part of that name. */
function partNamed(name: PartName): Part {
  const part = PARTS.find((one) => one.name === name);
  if (part === undefined) throw new RangeError(`there is no part "${name}"`);
  return part;
}

/** The names of the files that a part is made of, in `images/dist`. */
export function partFiles({ name, arch, fs }: PartRequest): string[] {
  const names = outputNames(partNamed(name), arch);
  return fs === "erofs" ? names.map((file) => file.replace(".qcow2", ".erofs.qcow2")) : names;
}

/** The first of the files of the part that a file is of, for which its lock is named. */
export function firstFileOf(file: string): string {
  const parts = ARCHS.flatMap((arch) =>
    PARTS.flatMap(({ name }) =>
      (["ext4", "erofs"] as const).map((fs) => partFiles({ name, arch, fs }))
    )
  );
  return parts.find((files) => files.includes(file))?.[0] ?? file;
}
