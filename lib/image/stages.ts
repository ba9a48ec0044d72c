import { join } from "@std/path";
import type { RecipeInput } from "../store/recipe.ts";
import { root } from "../base/files/paths.ts";

/**
 * Stages of making images and parts. A key hashes what a stage is given, not the text of its
 * modules, so raise a stage's version here when a module makes other bytes of the same input.
 */
export const STAGE_VERSIONS = {
  /** The hooks' order, mmdebstrap's environment, and how its tar file is kept. */
  "packages": 1,
  /** What is taken out of the root into an image, and how the tar file is unpacked. */
  "image": 1,
  /** How a publisher's disk is unpacked. */
  "download": 1,
  /** What is typed at a serial console besides the scripts, and what becomes of the disk. */
  "console": 1,
  /** Configuration of the packages in the guest. */
  "first boot": 1,
  /** The cpio archive, and the order in which modules are loaded. */
  "initramfs": 1,
  /** Compiling tiny-init and the agent. */
  "rust": 1,
  /** Taking the kernel and its modules out of Debian's package. */
  "kernel": 1,
  /** Compiling the kernel for microVMs. */
  "micro-kernel": 1,
  /** What cloud-init and our script do in a downloaded image. */
  "cloud-init": 1,
  /** A variant's disk: the agent, and the file system. */
  "variant": 1,
} as const;

/** A stage as an input of a recipe: its version, and what it is given as data. */
export const stageInput = (
  stage: keyof typeof STAGE_VERSIONS,
  given: unknown = null,
): RecipeInput => ({
  name: `stage ${stage}`,
  value: { version: STAGE_VERSIONS[stage], given },
});

/** A file of the checkout as an input of a recipe. The key has its name here, not its path. */
export const fileInput = (name: string, path: string): RecipeInput => ({
  name,
  file: join(root, path),
});

/** A shell script of the checkout as an input of a recipe, without its comments. */
export const scriptInput = (name: string, path: string): RecipeInput => ({
  name,
  script: join(root, path),
});

/** The programs of ours that run in guests; each is a crate in `images/`. */
export type Crate = "guest-agent" | "tiny-init";

/** All of a crate that decides what its program is. */
export const crateInput = (crate: Crate): RecipeInput => ({
  name: crate,
  dir: join(root, "images", crate),
  skip: (path) => path === "target" || path.startsWith("tests"),
});
