import { ARTIFACTS } from "../../../configs/artifacts.ts";
import type { ElfArch } from "../elf.ts";
import { ARCHS, type Artifact, type ArtifactName, outputNames } from "./artifact.ts";
import type { FileSystem } from "./file_system.ts";
import type { PartRecipe } from "./store.ts";

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

/**
 * How to make a part. What it embeds must have been made before: its digest is an input. Throws
 * {@link HostError} when the host has no compiler for it.
 */
export async function partRecipe(request: PartRequest, signal: AbortSignal): Promise<PartRecipe> {
  const { name, arch, fs = "ext4" } = request;
  const outputs = partFiles(request);
  const [output = ""] = outputs;
  const fileOf = (part: ArtifactName, index = 0) => partFiles({ name: part, arch })[index] ?? "";
  // Each kind's code is only loaded for it: a look at whether all is fresh must not take long.
  switch (name) {
    case "guest-agent":
    case "tiny-init": {
      const { rustProgram } = await import("./rust_program.ts");
      const { compiledAnew } = await import("./compiled_anew.ts");
      return compiledAnew(await rustProgram(name, output, arch, signal), name, arch);
    }
    case "kernel": {
      const { distributionKernel } = await import("./distribution_kernel.ts");
      return distributionKernel(outputs, arch);
    }
    case "micro-kernel": {
      const { microKernel } = await import("./micro_kernel.ts");
      return await microKernel(outputs, arch);
    }
    case "initramfs":
    case "micro-initramfs": {
      const { initramfsPart } = await import("./initramfs_part.ts");
      const tinyInit = fileOf("tiny-init");
      const modules = name === "initramfs" ? { modules: fileOf("kernel", 1) } : {};
      return initramfsPart(output, arch, { tinyInit, ...modules });
    }
    case "raw":
    case "python":
    case "node": {
      const { variantDisk } = await import("./variant.ts");
      return variantDisk({ variant: name, arch, fs, agent: fileOf("guest-agent"), output });
    }
  }
}
