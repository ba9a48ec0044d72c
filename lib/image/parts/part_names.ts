import { ARTIFACTS } from "../../../configs/artifacts.ts";
import type { ElfArch } from "../elf.ts";
import { ARCHS, type Artifact, type ArtifactName, outputNames } from "./artifact.ts";
import type { FileSystem } from "./artifact.ts";

/** What is built, beside which part and for which architecture. */
export interface PartRequest {
  readonly name: ArtifactName;
  readonly arch: ElfArch;
  /** Of a variant's disk. Default `ext4`. */
  readonly fs?: FileSystem;
}

/** The artifact of that name. */
export function artifactNamed(name: ArtifactName): Artifact {
  const artifact = ARTIFACTS.find((one) => one.name === name);
  if (artifact === undefined) throw new RangeError(`there is no part "${name}"`);
  return artifact;
}

/** The names of the files that a part is made of, in `images/dist`. */
export function partFiles({ name, arch, fs }: PartRequest): string[] {
  const names = outputNames(artifactNamed(name), arch);
  return fs === "erofs" ? names.map((file) => file.replace(".qcow2", ".erofs.qcow2")) : names;
}

/** The first of the files of the part that a file is of, for which its lock is named. */
export function firstFileOf(file: string): string {
  const parts = ARCHS.flatMap((arch) =>
    ARTIFACTS.flatMap(({ name }) =>
      (["ext4", "erofs"] as const).map((fs) => partFiles({ name, arch, fs }))
    )
  );
  return parts.find((files) => files.includes(file))?.[0] ?? file;
}
