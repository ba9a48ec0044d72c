import { join } from "@std/path";
import { $ } from "../../base/process/dollar.ts";
import type { BuildOptions } from "../../store/ensure_built.ts";
import type { RootTree } from "../disk/file_systems.ts";
import type { FileSystem } from "../../config/parts.ts";

/** The same for every image, so that equal content gives equal bytes. */
const UUID = "67756573-7468-6f75-7365-000000000001";
/** The newest time in any image, in seconds since 1970: see `rootfs.ts`. */
const TIME = 1_686_355_200;
/** For programs of e2fsprogs. */
const FAKE_TIME = { E2FSPROGS_FAKE_TIME: String(TIME) };
/** What a guest may write, beside what its packages take. */
const EXT4_GIB = 4;

/** The commands that write a tree as a file system and pack it; also what its key knows of it. */
export function fileSystemCommands(
  fs: FileSystem,
  place: { readonly tree: string; readonly raw: string; readonly qcow2: string },
): { readonly make: string[]; readonly pack: string[]; readonly time: number } {
  const { tree, raw, qcow2 } = place;
  const make = fs === "erofs" ? ["mkfs.erofs", "-zlz4hc", `-T${TIME}`, `-U${UUID}`, raw, tree] : [
    ...["mke2fs", "-q", "-t", "ext4", "-d", tree, "-L", "guesthouse", "-U", UUID],
    ...["-m", "0", "-E", `lazy_itable_init=1,lazy_journal_init=1,hash_seed=${UUID}`],
    ...[raw, `${EXT4_GIB}G`],
  ];
  const packed = ["convert", "-c", "-f", "raw", "-O", "qcow2", "-o", "compression_type=zstd"];
  // In order, since the threads that pack would otherwise decide where clusters lie.
  return { make, pack: ["qemu-img", ...packed, "-m", "1", raw, qcow2], time: TIME };
}

/** Writes a tree as a file system into a packed qcow2 image, without root and without a mount. */
export async function writeFileSystem(
  tree: RootTree,
  qcow2: string,
  fs: FileSystem,
  { signal }: Pick<BuildOptions, "signal">,
): Promise<void> {
  const raw = `${qcow2}.raw`;
  try {
    // The tree itself was made just now; its files keep their own times.
    await $`${tree.inside(["touch", "-h", "-d", `@${TIME}`, ...newest(tree)])}`.signal(signal)
      .what("set the time of what was added");
    const { make, pack } = fileSystemCommands(fs, { tree: tree.path, raw, qcow2 });
    await $`${tree.inside(make)}`.signal(signal).env(FAKE_TIME).what("make the file system");
    if (fs === "ext4") await fixTimes(raw, signal);
    await $`${pack}`.signal(signal).what("pack the disk image");
  } finally {
    await Deno.remove(raw).catch(() => {});
  }
}

/** What was added after the packages: the agent, and the directories above it. */
function newest(tree: RootTree): string[] {
  return ["usr/sbin/guest-agent", "usr/sbin", "dev", "."].map((path) => join(tree.path, path));
}

/** mke2fs copies access and change times from the tree; debugfs sets them for the first inodes. */
async function fixTimes(raw: string, signal: AbortSignal): Promise<void> {
  const facts = await $`dumpe2fs -h ${raw}`.signal(signal).what("read the file system").text();
  const count = (name: string) => Number(new RegExp(`^${name}: +(\\d+)$`, "m").exec(facts)?.[1]);
  const used = count("Inode count") - count("Free inodes");
  const script: string[] = [];
  for (let inode = 1; inode <= used; inode++) {
    for (const field of ["ctime", "atime", "crtime"]) {
      script.push(`set_inode_field <${inode}> ${field} @${TIME}`);
      script.push(`set_inode_field <${inode}> ${field}_extra 0`);
    }
  }
  await $`debugfs -w -f - ${raw}`.signal(signal).env(FAKE_TIME).stdin(`${script.join("\n")}\n`)
    .what("set the times of files");
}
