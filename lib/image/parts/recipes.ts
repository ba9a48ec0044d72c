import type { PartName } from "../../config/parts.ts";
import { partFiles, type PartRequest } from "./part_names.ts";
import type { PartRecipe } from "./part_store.ts";

/** How to make a part; what it embeds must exist. Throws {@link HostError} without a compiler. */
export async function partRecipe(request: PartRequest, signal: AbortSignal): Promise<PartRecipe> {
  const { name, arch, fs = "ext4" } = request;
  const outputs = partFiles(request);
  const [output = ""] = outputs;
  const fileOf = (part: PartName, index = 0) => partFiles({ name: part, arch })[index] ?? "";
  // Each kind's code is only loaded for it: a look at whether all is fresh must not take long.
  switch (name) {
    case "guest-agent":
    case "tiny-init": {
      const { rustProgram } = await import("./rust_program.ts");
      const { compiledAgain } = await import("./compiled_again.ts");
      return compiledAgain(await rustProgram(name, output, arch, signal), name, arch);
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
