import { dirname, fromFileUrl, join, relative } from "@std/path";
import type { RecipeInput } from "../../../store/recipe.ts";
import { WorkError } from "../../../base/errors.ts";
import { LineBuffer } from "../../../base/text/line_buffer.ts";
import { $ } from "../../../base/process/dollar.ts";
import type { Arch } from "../../../config/archs.ts";
import { root } from "../../../base/files/paths.ts";
import { makeRootfsStage } from "./rootfs_stage.ts";
import { scriptInput } from "../../stages.ts";

/** A Debian root file system: which packages, and what turns them into a guest. */
export interface RootfsRecipe {
  readonly suite: string;
  /** Debian's name of the architecture, e.g. `arm64`. */
  readonly debArch: string;
  readonly arch: Arch;
  readonly packages: readonly string[];
  /** The newest kernel's metapackage, e.g. `linux-image-cloud-amd64`. Default: none. */
  readonly kernelPackage?: string;
  /** Path of the script that runs in the root. */
  readonly provision: string;
  /** Path of the script that configures the packages where that must wait for the first boot. */
  readonly firstBoot: string;
}

/** `first-boot`: only unpacked while building, as the host cannot run the guest's programs. */
export type ConfigureWhen = "now" | "first-boot";

/** Files that a headless build guest never reads; dpkg leaves them out while it unpacks. */
const EXCLUDED_PATHS = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/info/*",
  "/usr/share/locale/*",
  "/usr/share/lintian/*",
];

/**
 * No file in a root is newer (Debian 12's day, 2023-06-10), so equal packages give equal archives.
 */
const NEWEST_FILE = 1_686_355_200;

/** What mmdebstrap's environment says for every root. */
const MMDEBSTRAP_ENV = {
  SOURCE_DATE_EPOCH: String(NEWEST_FILE),
  DEBIAN_FRONTEND: "noninteractive",
  LC_ALL: "C.UTF-8",
} as const;

/** The exact mmdebstrap command, so that `--dry-run` prints what a real run executes. */
export function mmdebstrapCommand(
  recipe: RootfsRecipe,
  options: {
    hooksDir: string;
    output: string;
    configure: ConfigureWhen;
    isRoot: boolean;
    /** Default: the host's. */
    hostArch?: string;
    /** Where packages come from, as in `sources.list`. Default: the release and its updates. */
    sources?: string;
  },
): string[] {
  const extract = options.configure === "first-boot";
  const foreign = recipe.arch !== (options.hostArch ?? Deno.build.arch);
  // Packages that the variant minbase already includes.
  const base = ["?essential", "?priority(required)", "apt"];
  const packages = extract ? [...base, ...recipe.packages] : recipe.packages;
  return [
    "mmdebstrap",
    `--mode=${options.isRoot ? "root" : "unshare"}`,
    `--architectures=${recipe.debArch}`,
    `--variant=${extract ? "extract" : "minbase"}`,
    "--format=tar",
    ...packages.map((name) => `--include=${name}`),
    ...EXCLUDED_PATHS.map((path) => `--dpkgopt=path-exclude=${path}`),
    // The tree is thrown away if anything fails, so nothing need be synced to disk on the way.
    "--dpkgopt=force-unsafe-io",
    '--aptopt=Acquire::Languages "none"',
    "--aptopt=Acquire::Retries 3",
    // The extract variant configures nothing, so it has no customize stage either.
    ...extract ? [`--setup-hook=${join(options.hooksDir, "merge-usr")}`] : [
      `--essential-hook=${join(options.hooksDir, "no-host-keys")}`,
      ...foreign
        ? [
          `--essential-hook=${join(options.hooksDir, "lend-programs")}`,
          `--customize-hook=${join(options.hooksDir, "restore-programs")}`,
        ]
        : [],
    ],
    `--${extract ? "extract" : "customize"}-hook=${join(options.hooksDir, "customize")}`,
    recipe.suite,
    options.output,
    ...options.sources === undefined ? [] : [options.sources],
  ];
}

/** All commands and settings that decide which packages a root has, as data for its key. */
export function packagesStage(
  recipe: Pick<RootfsRecipe, "suite" | "debArch" | "arch" | "packages">,
): {
  readonly commands: string[][];
  readonly env: Readonly<Record<string, string>>;
} {
  const { arch } = recipe;
  const cases = [["now", arch], ["now", "another"], ["first-boot", arch]] as const;
  const commands = cases.map(([configure, hostArch]) =>
    mmdebstrapCommand({ ...recipe, provision: "", firstBoot: "" }, {
      // The result does not depend on the user or the place of the build.
      ...{ configure, hostArch, isRoot: true, hooksDir: "HOOKS", output: "OUTPUT" },
    })
  );
  return { commands, env: MMDEBSTRAP_ENV };
}

/** Scripts that mmdebstrap runs, by their names in the stage. */
export const HOOKS = [
  { name: "customize", file: "rootfs_hook.sh", configure: ["now", "first-boot"] },
  { name: "merge-usr", file: "merge_usr_hook.sh", configure: ["first-boot"] },
  { name: "no-host-keys", file: "no_host_keys_hook.sh", configure: ["now"] },
  { name: "lend-programs", file: "native_programs_hook.sh", configure: ["now"] },
  { name: "restore-programs", file: "native_programs_hook.sh", configure: ["now"] },
] as const;

/** The hooks as inputs of a recipe, as far as they run where packages are configured like this. */
export function hookInputs(configure: readonly ConfigureWhen[]): RecipeInput[] {
  const dir = relative(root, dirname(fromFileUrl(import.meta.url)));
  return HOOKS.filter((hook) =>
    configure.some((when) => hook.configure.some((own) => own === when))
  )
    .map(({ name, file }) => scriptInput(`hook ${name}`, join(dir, file)));
}

interface RootfsOptions {
  readonly output: string;
  readonly configure: ConfigureWhen;
  readonly log: (line: string) => void;
  readonly warn?: ((line: string) => void) | undefined;
  readonly signal: AbortSignal;
}

/** What apt says of a mirror that has the index of one suite and the files of another hour. */
const STALE_UPDATES =
  /Failed to fetch (\S+)-(?:updates|security)\/\S* +(?:File has unexpected size|Hash Sum)/;

/**
 * Builds the root as a tar file. A mirror that is out of step with itself gives the release without
 * its updates, with a warning. Throws {@link WorkError} with mmdebstrap's last lines.
 */
export async function buildRootfs(recipe: RootfsRecipe, options: RootfsOptions): Promise<void> {
  const failed = await runMmdebstrap(recipe, options);
  if (failed === undefined) return;
  if (!STALE_UPDATES.test(failed.details.join("\n"))) throw failed;
  options.warn?.(
    `debian ${recipe.suite} ${recipe.debArch}: installed without updates, as the mirror is out of ` +
      "step with itself; for the updates, run setup-images --force when it is done",
  );
  const again = await runMmdebstrap(recipe, {
    ...options,
    sources: `deb http://deb.debian.org/debian ${recipe.suite} main`,
  });
  if (again !== undefined) throw again;
}

async function runMmdebstrap(
  recipe: RootfsRecipe,
  options: RootfsOptions & { readonly sources?: string },
): Promise<WorkError | undefined> {
  await using stage = await makeRootfsStage(recipe, HOOKS);
  const command = mmdebstrapCommand(recipe, {
    hooksDir: stage.path,
    output: options.output,
    configure: options.configure,
    isRoot: Deno.uid() === 0,
    ...options.sources === undefined ? {} : { sources: options.sources },
  });
  const buffer = new LineBuffer();
  const result = await $`${stage.wrap(command)}`.noThrow().with({
    environment: { of: "mmdebstrap" },
    env: {
      GUESTHOUSE_KERNEL_PACKAGE: recipe.kernelPackage ?? "",
      GUESTHOUSE_DEB_ARCH: recipe.debArch,
      GUESTHOUSE_CONFIGURE: options.configure === "now" ? "now" : "later",
      // mmdebstrap makes its root in this directory, which is removed whatever happens.
      TMPDIR: stage.path,
      ...MMDEBSTRAP_ENV,
    },
    signal: options.signal,
    // On TERM mmdebstrap unmounts and removes its tree, some 15,000 files.
    graceMs: 15_000,
    stdout: "tail",
    onOutput: (text) => buffer.push(text).forEach((line) => options.log(line)),
  });
  if (result.code === 0) return undefined;
  const lines = (result.stderr + result.stdout).split("\n").filter((line) => line.trim() !== "");
  const errors = lines.filter((line) => /^(E:|dpkg: error|.*[Ee]rror)/.test(line));
  return new WorkError(
    `Cannot build the root file system for ${recipe.debArch}: mmdebstrap exited with status ${result.code}`,
    { details: (errors.length > 0 ? errors : lines).slice(-8) },
  );
}
