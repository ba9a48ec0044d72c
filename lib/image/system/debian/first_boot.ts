import { delay } from "@std/async";
import { join } from "@std/path";
import { WorkError } from "../../../base/errors.ts";
import { ARCH } from "../../../config/archs.ts";
import type { Platform } from "../../../config/platform.ts";
import { spawnOwned } from "../../../base/process/process.ts";
import { virtioDevice } from "../../../qemu/args.ts";
import { IMAGE_FILES } from "../../../base/files/paths.ts";

/** What the guest prints once its packages are configured (`docs/tiny-init.md`). */
const DONE = "guesthouse-init: configured";

/** Configuration takes five minutes under emulation; silence for this long means a hang. */
const SILENCE_MS = 600_000;

/** The command that boots an image once, with its disk open for writing. */
export function firstBootCommand(platform: Platform, dir: string, consoleLog: string): string[] {
  const { system, machine, transport, firstBootCpu } = ARCH[platform.arch].qemu;
  return [
    system,
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-M", machine, "-accel", "tcg,thread=multi"],
    ...["-cpu", firstBootCpu, "-m", "2048", "-smp", "2"],
    ...["-kernel", join(dir, IMAGE_FILES.kernel), "-initrd", join(dir, IMAGE_FILES.initramfs)],
    ...["-append", [platform.append, "guesthouse.first-boot"].filter(Boolean).join(" ")],
    ...[
      "-blockdev",
      JSON.stringify({
        "driver": "qcow2",
        "node-name": "disk",
        "discard": "unmap",
        // dpkg waits for the disk with each file. An image that a crash of the host catches here is
        // made again anyway.
        "cache": { "no-flush": true },
        "file": { driver: "file", filename: join(dir, IMAGE_FILES.disk) },
      }),
    ],
    ...["-device", virtioDevice("blk", transport, ["drive=disk", "serial=disk0"])],
    ...["-device", virtioDevice("rng", transport, [])],
    ...["-serial", `file:${consoleLog.replaceAll(",", ",,")}`],
  ];
}

/** Boots a fresh image once to configure itself, if the host cannot run the guest's programs. */
export async function configureOnFirstBoot(
  platform: Platform,
  dir: string,
  options: { readonly log: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const consoleLog = join(dir, "first-boot.log");
  await using guest = spawnOwned(firstBootCommand(platform, dir, consoleLog), {
    output: join(dir, "first-boot-qemu.log"),
  });
  let over = false;
  guest.status.then(() => over = true);
  let seen = "";
  let lastNews = Date.now();
  while (!over) {
    options.signal.throwIfAborted();
    await delay(250);
    const text = await Deno.readTextFile(consoleLog).catch(() => "");
    if (text.length > seen.length) {
      lastNews = Date.now();
      text.slice(seen.length).split("\n").filter(Boolean).forEach(options.log);
      seen = text;
    }
    if (Date.now() - lastNews > SILENCE_MS) break;
  }
  const status = over ? await guest.status : undefined;
  seen = await Deno.readTextFile(consoleLog).catch(() => "");
  if (!seen.includes(DONE)) {
    const qemu = await Deno.readTextFile(join(dir, "first-boot-qemu.log")).catch(() => "");
    throw new WorkError(
      `Cannot configure image "${platform.name}" on its first boot: ${
        status === undefined ? "the guest fell silent" : `QEMU ended with status ${status.code}`
      }`,
      { details: [...qemu.trim().split("\n"), ...seen.split("\n").slice(-15)].filter(Boolean) },
    );
  }
  await Deno.remove(consoleLog);
  await Deno.remove(join(dir, "first-boot-qemu.log"));
}
