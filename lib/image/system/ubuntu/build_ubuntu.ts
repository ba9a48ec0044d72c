import { join } from "@std/path";
import { HostError, WorkError } from "../../../base/errors.ts";
import { removeAll } from "../../../base/files/directories.ts";
import { IMAGE_FILES, root } from "../../../base/files/paths.ts";
import { denoTaskText } from "../../../base/process/deno_task.ts";
import { $ } from "../../../base/process/dollar.ts";
import { LineBuffer } from "../../../base/text/line_buffer.ts";
import type { PlatformOf } from "../../../config/platform.ts";
import { execText } from "../../../guest/exec_text.ts";
import type { SshConnection } from "../../../guest/ssh.ts";
import { fetchImage } from "../../disk/fetch_image.ts";
import { makeNoCloudSeed } from "../../disk/nocloud_seed.ts";
import type { SystemBuild } from "../guest_system.ts";
import { waitForCloudInit } from "./cloud_init.ts";
import { debianCommands } from "../debian/debian_commands.ts";
import { diskCommands } from "./ubuntu_disk.ts";
import { metaData, userData } from "./user_data.ts";

/**
 * Makes an image of the publisher's: a copy of the verified download is booted once, cloud-init
 * and our script set it up, and the result has to answer as a guest of ours does.
 */
export async function buildUbuntu(
  platform: PlatformOf<"ubuntu">,
  options: SystemBuild,
): Promise<{ readonly dir: string; readonly kernelVersion: string }> {
  const { name, image: { source, packages, diskGiB, provision } } = platform;
  const { signal, onPhase, guests } = options;
  if (guests === undefined) throw new TypeError(`${name} is made in a guest`);
  const mostBytes = diskGiB * 2 ** 30;
  const download = await fetchImage({ ...options, name, source, mostBytes, how: options.download });
  onPhase("disk");
  const dir = await options.makeDir();
  const [from, seedPath] = [join(dir, "fresh.qcow2"), join(dir, "seed.img")];
  for (const command of diskCommands(download, from, diskGiB)) {
    await $`${command}`.signal(signal).what("make the disk");
  }
  onPhase("cloud-init");
  const disks = { from, to: join(dir, IMAGE_FILES.disk) };
  const kernelVersion = await guests.changeOverSsh(disks, async (seed) => {
    const contents = { userData: userData(seed, packages), metaData: metaData(seed) };
    await makeNoCloudSeed(seedPath, contents, { signal });
    return { path: seedPath };
  }, async (ssh, signal) => {
    const own = { ...options, signal, ssh, name };
    await waitForCloudInit(own);
    await requirePackages(ssh, packages, name, signal);
    onPhase("provision");
    await runProvision(own, await Deno.readTextFile(join(root, provision)));
    const list = await output(ssh, LIST_PACKAGES, signal);
    await Deno.writeTextFile(join(dir, IMAGE_FILES.packages), list);
    return (await output(ssh, ["uname", "-r"], signal)).trim();
  });
  for (const path of [from, seedPath]) await removeAll(path);
  onPhase("check");
  await guests.verify({ dir, disk: disks.to });
  return { dir, kernelVersion };
}

/** `NAME VERSION` of each package. */
const LIST_PACKAGES = ["dpkg-query", "--show", "--showformat", "${Package} ${Version}\\n"];

/** cloud-init may count what it could not install among what it can live with. */
async function requirePackages(
  ssh: SshConnection,
  packages: readonly string[],
  name: string,
  signal: AbortSignal,
): Promise<void> {
  if (packages.length === 0) return;
  const { code, lastLines } = await execText(ssh, ["dpkg-query", "--status", ...packages], {
    signal,
    maxChars: 16 * 2 ** 20,
  });
  if (code === 0) return;
  throw new WorkError(`Cannot set up "${name}": packages are missing`, {
    details: lastLines(packages.length),
    next: denoTaskText("setup-images", [name]),
  });
}

async function runProvision(
  { ssh, name, log, signal }: {
    readonly ssh: SshConnection;
    readonly name: string;
    readonly log: (line: string) => void;
    readonly signal: AbortSignal;
  },
  script: string,
): Promise<void> {
  const buffer = new LineBuffer();
  const last: string[] = [];
  const { code } = await ssh.exec(debianCommands.asRoot(["sh", "-s"]), {
    ...{ stdin: script, signal },
    onOutput: (text) =>
      buffer.push(text).forEach((line) => {
        log(line);
        last.push(line);
        if (last.length > 10) last.shift();
      }),
  });
  if (code === 0) return;
  throw new WorkError(`Cannot set up "${name}": its script ended with status ${code}`, {
    details: last,
    next: denoTaskText("setup-images", [name]),
  });
}

async function output(
  ssh: SshConnection,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { code, stdout } = await execText(ssh, argv, { signal });
  if (code === 0) return stdout;
  throw new HostError(`Cannot run ${argv[0]} in guest "${ssh.name}": status ${code}`);
}
