import { basename, join } from "@std/path";
import { WorkError } from "../../base/errors.ts";
import { programIdentity } from "../../host/tools/tools.ts";
import { $ } from "../../base/process/dollar.ts";
import { root } from "../../base/files/paths.ts";
import { ARCH, type Arch, microRow } from "../../config/archs.ts";
import { checkArch } from "./check_arch.ts";
import { openApt, sourcesList, SUITE, withUpdates } from "../system/debian/debian_package.ts";
import type { PartRecipe } from "./part_store.ts";
import { makeUnfinished } from "../../store/unfinished.ts";
import type { BuildOptions } from "../../store/ensure_built.ts";
import { fileInput, stageInput } from "../stages.ts";

/** Debian's package of the kernel's sources. */
const SOURCE_PACKAGE = "linux-source-6.1";

/** Where the configuration begins, and make's environment. */
const BUILD = {
  base: "allnoconfig",
  // The same for every build, or else they would be in the kernel's version.
  env: {
    KBUILD_BUILD_TIMESTAMP: "1970-01-01",
    KBUILD_BUILD_USER: "guesthouse",
    KBUILD_BUILD_HOST: "guesthouse",
    LC_ALL: "C",
  },
} as const;

/** How to compile the kernel for microVMs from Debian's sources and `images/kernel`. */
export async function microKernel(outputs: readonly string[], arch: Arch): Promise<PartRecipe> {
  const compiler = crossPrefix(arch) + "gcc";
  const { magic: _, ...made } = microRow(arch).kernel;
  const config = (name: string) => join(root, "images/kernel", `${name}.config`);
  return {
    title: `micro-kernel ${arch}`,
    outputs,
    inputs: [
      {
        name: "package",
        value: { sources: sourcesList(withUpdates(SUITE)), package: SOURCE_PACKAGE },
      },
      { name: "compiler", value: await programIdentity(compiler) ?? "" },
      ...["common", arch].map((name) =>
        fileInput(`fragment ${name}`, `images/kernel/${name}.config`)
      ),
      stageInput("micro-kernel", { ...made, ...BUILD }),
    ],
    async build(dir, options) {
      await using work = await makeUnfinished("part", outputs[0]!);
      const fragments = [config("common"), config(arch)];
      const built = await compile(work.dir, arch, fragments, options);
      const { image, elf } = made;
      await Deno.copyFile(join(built, image), join(dir, outputs[0]!));
      if (elf === undefined || outputs[1] === undefined) return;
      const stripped = join(dir, outputs[1]);
      await $`${crossPrefix(arch)}strip -o ${stripped} ${join(built, elf)}`.signal(options.signal)
        .what("strip the kernel");
      checkArch(await Deno.readFile(stripped), arch, basename(stripped));
    },
  };
}

/** The prefix of the compiler's name; none for the host's own. */
const crossPrefix = (arch: Arch) => arch === Deno.build.arch ? "" : `${ARCH[arch].gnu}-`;

/** Returns the directory with the results. */
async function compile(
  work: string,
  arch: Arch,
  fragments: readonly string[],
  { signal, log, onPhase }: BuildOptions,
): Promise<string> {
  const onOutput = (text: string) => text.split("\n").filter(Boolean).forEach(log);
  onPhase("sources");
  // The sources are the same for every architecture.
  const apt = await openApt(join(work, "apt"), {
    suites: withUpdates(SUITE),
    debArch: ARCH[arch].debian,
  }, {
    signal,
    onOutput,
  });
  await apt.unpack(SOURCE_PACKAGE, join(work, "package"));
  onPhase("unpack");
  const tar = join(work, "package/usr/src", `${SOURCE_PACKAGE}.tar.xz`);
  await $`tar --extract --file ${tar} --directory ${work}`.signal(signal)
    .what("unpack the kernel's sources");
  const sources = join(work, SOURCE_PACKAGE);
  const output = join(work, "build");
  await Deno.mkdir(output);
  const fragment = join(work, "fragment.config");
  const texts = await Promise.all(fragments.map((path) => Deno.readTextFile(path)));
  await Deno.writeTextFile(fragment, texts.join("\n"));
  const { make, image, elf } = microRow(arch).kernel;
  const variables = [
    ...[`O=${output}`, `ARCH=${make}`, `CROSS_COMPILE=${crossPrefix(arch)}`],
    `KCONFIG_ALLCONFIG=${fragment}`,
  ];
  const runMake = async (...targets: string[]) => {
    const { code, stdout, stderr } =
      await $`make -s -j${navigator.hardwareConcurrency} ${variables} ${targets}`
        .cwd(sources).env(BUILD.env).with({ signal, onOutput }).noThrow();
    if (code === 0) return;
    throw new WorkError(`Cannot build the kernel for ${arch}: make ended with status ${code}`, {
      details: (stdout + stderr).split("\n").filter(Boolean).slice(-12),
    });
  };
  onPhase("configure");
  await runMake(BUILD.base);
  await checkConfig(join(output, ".config"), texts.join("\n"));
  onPhase("compile");
  await runMake(...(elf === undefined ? [] : [elf]), basename(image));
  return output;
}

/** Options that depend on others which are off vanish without a word; here they are an error. */
async function checkConfig(path: string, wanted: string): Promise<void> {
  const taken = new Set((await Deno.readTextFile(path)).split("\n"));
  const lost = wanted.split("\n").filter((line) => line.startsWith("CONFIG_") && !taken.has(line));
  if (lost.length === 0) return;
  throw new WorkError("Cannot build the kernel: its configuration lacks what images/kernel asks", {
    details: lost,
    next: "add what these options depend on to images/kernel",
  });
}
