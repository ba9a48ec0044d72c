import { basename, join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { removeAll } from "../../base/files/directories.ts";
import { findProgram } from "../../base/process/find_program.ts";
import { makeScratch } from "../../base/process/scratch.ts";
import { $ } from "../../base/process/dollar.ts";

/** The label by which cloud-init finds a seed (its NoCloud data source). */
const LABEL = "cidata";

/** The programs that make such a disk, the best one first. */
export const SEED_PROGRAMS = ["xorriso", "genisoimage", "mkisofs", "hdiutil", "mformat"] as const;

/** The commands of a program that make a seed's disk of a directory's files. */
export function seedCommands(
  program: typeof SEED_PROGRAMS[number],
  path: string,
  files: readonly string[],
): string[][] {
  const iso = ["-output", path, "-volid", LABEL, "-joliet", "-rock", ...files];
  switch (program) {
    case "xorriso":
      return [["xorriso", "-as", "mkisofs", ...iso]];
    case "genisoimage":
      return [["genisoimage", "-quiet", ...iso]];
    case "mkisofs":
      return [["mkisofs", "-quiet", ...iso]];
    case "hdiutil": {
      const dir = join(files[0]!, "..");
      return [["hdiutil", "makehybrid", "-iso", "-joliet", "-default-volume-name", LABEL].concat(
        ["-o", path, dir],
      )];
    }
    case "mformat":
      // A floppy disk's 2.88 MB, which FAT's tools know without being told more.
      return [
        ["mformat", "-C", "-f", "2880", "-v", LABEL, "-i", path, "::"],
        ["mcopy", "-i", path, ...files, "::"],
      ];
  }
}

/**
 * Makes the disk from which cloud-init sets a system up: ISO 9660, or FAT where only its tools are
 * installed. Private, since a seed has keys. Throws {@link HostError} where no program is there.
 */
export async function makeNoCloudSeed(
  path: string,
  contents: { readonly userData: string; readonly metaData: string },
  { signal, programs = SEED_PROGRAMS }: {
    readonly signal: AbortSignal;
    readonly programs?: readonly (typeof SEED_PROGRAMS[number])[];
  },
): Promise<void> {
  const program = programs.find((name) => findProgram(name) !== undefined);
  if (program === undefined) {
    throw new HostError("Cannot make the disk with a guest's settings: no program for it is here", {
      details: [`any of these will do: ${programs.join(", ")}`],
      next: "deno task check --install setup-images",
    });
  }
  await using scratch = await makeScratch("seed");
  const files = [];
  for (
    const [name, text] of [["user-data", contents.userData], ["meta-data", contents.metaData]]
  ) {
    const file = join(scratch.path, name!);
    await Deno.writeTextFile(file, text!, { mode: 0o600 });
    files.push(file);
  }
  await removeAll(path);
  for (const command of seedCommands(program, path, files)) {
    await $`${command}`.signal(signal).what(`make ${basename(path)}`);
  }
  await Deno.chmod(path, 0o600);
}
