import { join } from "@std/path";
import type { RunOptions } from "../../base/process/run.ts";
import { asOwner, removeTree } from "../../base/process/remove_tree.ts";
import { $ } from "../../base/process/dollar.ts";

/**
 * An unpacked root file system. Without root it lies in a user namespace with the users of
 * `/etc/subuid`; commands that must see the true owners go through `inside`.
 */
export interface RootTree extends AsyncDisposable {
  readonly path: string;
  /** Wraps a command so that it sees the tree's owners as they will be in the guest. */
  inside(command: readonly string[]): string[];
}

/** The command that unpacks a root file system. */
export function unpackCommand(tar: string, dir: string): string[] {
  return [
    ...["tar", "--extract", "--numeric-owner", "--preserve-permissions"],
    ...["--file", tar, "--directory", dir],
    // Device nodes need privileges that a user namespace lacks; the guest has a devtmpfs.
    "--exclude=./dev/*",
  ];
}

/** Unpacks a root file system from a tar file. */
export async function unpackTree(
  tar: string,
  parentDir: string,
  options: Pick<RunOptions, "signal"> = {},
): Promise<RootTree> {
  const path = await Deno.makeTempDir({ dir: parentDir, prefix: "tree-" });
  // The tree's own root directory is readable by all; the temporary one around it stays private.
  const tree = {
    path: join(path, "root"),
    inside: asOwner,
    async [Symbol.asyncDispose]() {
      // What cannot be removed is a leftover, which gc and the next build see.
      await removeTree(path).catch(() => {});
    },
  };
  try {
    await Deno.mkdir(tree.path);
    await $`${asOwner(unpackCommand(tar, tree.path))}`.with(options)
      .what("unpack the root file system");
    return tree;
  } catch (error) {
    await tree[Symbol.asyncDispose]();
    throw error;
  }
}

/** The commands that turn a tree into a disk image; the raw file between them is sparse. */
export function diskCommands(
  treeDir: string,
  raw: string,
  qcow2: string,
  sizeGiB: number,
): { mke2fs: string[]; convert: string[] } {
  return {
    mke2fs: [
      ...["mke2fs", "-q", "-t", "ext4", "-d", treeDir, "-L", "guesthouse"],
      // No blocks are kept back for root; inode tables are written when they are first used.
      ...["-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1"],
      ...[raw, `${sizeGiB}G`],
    ],
    convert: ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, qcow2],
  };
}

/** Writes the tree as an ext4 file system into a qcow2 image. Needs no loop device and no mount. */
export async function makeDisk(
  tree: RootTree,
  qcow2: string,
  sizeGiB: number,
  options: Pick<RunOptions, "signal"> = {},
): Promise<void> {
  const raw = `${qcow2}.raw`;
  const { mke2fs, convert } = diskCommands(tree.path, raw, qcow2, sizeGiB);
  try {
    await $`${tree.inside(mke2fs)}`.with(options).what("make the file system");
    await $`${convert}`.with(options).what("convert the disk image");
  } finally {
    await Deno.remove(raw).catch(() => {});
  }
}
