import { basename, join } from "@std/path";
import { TaskError, WorkError } from "../../base/errors.ts";
import { $ } from "../../base/process/dollar.ts";
import { packCpio } from "../format/cpio.ts";
import { ARCH, type Arch } from "../../config/archs.ts";
import { moduleEntries } from "../boot/initramfs.ts";
import { findBuiltin, findModules, loadOrder } from "../boot/modules.ts";
import { extractVmlinux } from "../format/bz_image.ts";
import { checkArch } from "./check_arch.ts";
import { openApt, sourcesList, SUITE, withUpdates } from "../system/debian/debian_package.ts";
import type { PartRecipe } from "./part_store.ts";
import { makeUnfinished } from "../../store/unfinished.ts";
import type { BuildOptions } from "../../store/ensure_built.ts";
import { stageInput } from "../stages.ts";

/** What a microVM's devices, root disk and swap need, in whatever order they come. */
const GUEST_MODULES: readonly string[] = [
  ...["virtio_mmio", "virtio_pci", "virtio_blk", "virtio_console", "virtio_net", "virtio_rng"],
  ...["virtio_balloon", "ext4", "erofs", "overlay", "lzo_rle", "zram"],
];

/** How to take the kernel, and the modules in their load order, out of Debian's package. */
export function distributionKernel(outputs: readonly string[], arch: Arch): PartRecipe {
  const metapackage = `linux-image-cloud-${ARCH[arch].debian}`;
  return {
    title: `kernel ${arch}`,
    outputs,
    inputs: [
      // The newest version at the time of the build; --force takes a newer one.
      { name: "package", value: { sources: sourcesList(withUpdates(SUITE)), metapackage } },
      stageInput("kernel", GUEST_MODULES),
      stageInput("initramfs"),
    ],
    async build(dir, options) {
      await using work = await makeUnfinished("part", outputs[0]!);
      await extract({ work: work.dir, metapackage, arch, dir, outputs }, options);
    },
  };
}

interface Extraction {
  /** A directory for packages and what is in them. */
  readonly work: string;
  readonly metapackage: string;
  readonly arch: Arch;
  readonly dir: string;
  readonly outputs: readonly string[];
}

async function extract(
  { work, metapackage, arch, dir, outputs }: Extraction,
  { signal, log, onPhase }: BuildOptions,
): Promise<void> {
  onPhase("package");
  const onOutput = (text: string) => text.split("\n").filter(Boolean).forEach(log);
  const source = { suites: withUpdates(SUITE), debArch: ARCH[arch].debian };
  const apt = await openApt(join(work, "apt"), source, { signal, onOutput });
  const kernel = (await apt.depends(metapackage)).find((name) => name.startsWith("linux-image-"));
  if (kernel === undefined) {
    throw new WorkError(`Cannot get a kernel: ${metapackage} names none`);
  }
  const version = kernel.slice("linux-image-".length);
  const tree = join(work, "tree");
  await apt.unpack(kernel, tree);
  onPhase("extract");
  const [vmlinuz = "", modules = "", vmlinux] = outputs;
  const bytes = await Deno.readFile(join(tree, `boot/vmlinuz-${version}`));
  await Deno.writeFile(join(dir, vmlinuz), bytes);
  if (vmlinux !== undefined) {
    const unpacked = extractVmlinux(bytes);
    checkArch(unpacked, arch, `the kernel in ${basename(vmlinuz)}`);
    await Deno.writeFile(join(dir, vmlinux), unpacked);
  }
  await $`depmod -b ${tree} ${version}`.signal(signal).what("index the modules");
  await Deno.writeFile(join(dir, modules), await packModules(join(tree, "lib/modules", version)));
}

/** An archive with the modules and the order in which they are loaded, as tiny-init reads it. */
async function packModules(versionDir: string): Promise<Uint8Array<ArrayBuffer>> {
  const available = await findModules(versionDir);
  const order = await loadOrder(GUEST_MODULES, available, await findBuiltin(versionDir))
    .catch((error) => {
      if (!(error instanceof TaskError)) throw error;
      throw new WorkError(error.message, {
        details: [...error.details, `looked for in: the package of kernel ${basename(versionDir)}`],
        next: "correct GUEST_MODULES in lib/image/parts/distribution_kernel.ts",
        cause: error,
      });
    });
  return packCpio(await moduleEntries(order));
}
