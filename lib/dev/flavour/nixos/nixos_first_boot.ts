import { atomicWrite } from "../../../base/files/atomic_write.ts";
import { GuestError } from "../../../base/errors.ts";
import { join } from "@std/path";
import { readTextIfPresent } from "../../../base/files/read_text.ts";
import { quoteWord } from "../../../guest/quote.ts";
import { settlesWithin } from "../../../base/time/wait.ts";
import { nixDir } from "./local_file.ts";
import { isJson, LOCK_FILE, seedCommand } from "./seed_disk.ts";
import { converse } from "../../../guest/expect.ts";
import { SerialConsole, type SerialOptions } from "../../../guest/serial_console.ts";

interface ApplyOptions extends SerialOptions {
  /** From power on to the shell of the stock image. */
  readonly bootMs: number;
  /** Downloading and building the whole system. */
  readonly buildMs: number;
  /** Only the host key: the configuration is in the disk. */
  readonly only?: "key";
  readonly onStep: (step: string) => void;
  readonly log: (line: string) => void;
}

/** Shutting down, under emulation too. */
const POWER_OFF_MS = 180_000;
/** Messages of `provision/arm_dev_nixos.sh`. */
const REPORT = /^guesthouse-first-boot: (STEP|LOCK|FAILED|DONE)(?: (.*))?$/;

/**
 * Makes a stock NixOS apply the seed disk over its serial console, and turns it off. Returns the
 * `flake.lock` that Nix created, if any. Throws {@link GuestError} with Nix's last lines.
 */
export async function applySeed(options: ApplyOptions): Promise<string | undefined> {
  await using shell = await SerialConsole.open(options);
  await reachShell(shell, options.bootMs);
  await shell.type(`sudo sh -c ${quoteWord(seedCommand(options.only))}`);
  let lock: string | undefined;
  await shell.waitForLine("apply the configuration", { limitMs: options.buildMs }, (line) => {
    const [, kind, text = ""] = REPORT.exec(line) ?? [];
    if (kind === undefined) options.log(line);
    if (kind === "STEP") options.onStep(text);
    if (kind === "LOCK") lock = new TextDecoder().decode(Uint8Array.fromBase64(text));
    if (kind === "FAILED") throw buildFailed(options, text, shell.tail(30));
    return kind === "DONE" ? true : undefined;
  });
  await powerOff(shell, options, POWER_OFF_MS);
  return lock;
}

/** Boots a guest that has its configuration once, and turns it off. */
export async function bootBlind(options: SerialOptions & { readonly bootMs: number }) {
  await using shell = await SerialConsole.open(options);
  await powerOff(shell, options, options.bootMs);
}

/** Waits for the shell of the user that the stock image logs in. */
async function reachShell(shell: SerialConsole, limitMs: number): Promise<void> {
  await converse(shell, {
    ...{ what: "reach a shell", wanted: "shell's prompt", limitMs },
    // From here on a key does not stop u-boot.
    nudgeAfter: /\(automatic login\)/,
    expect: [
      { prompt: /^=>$/, fault: "u-boot found no system on its disk" },
      { prompt: /[$#]$/, done: true },
    ],
  });
}

/** Turns the guest off through its shell, which has to appear within this time. */
async function powerOff(shell: SerialConsole, options: SerialOptions, promptMs: number) {
  await reachShell(shell, promptMs);
  await shell.type("sudo poweroff");
  if (await settlesWithin(options.exited, POWER_OFF_MS) === "settled") return;
  throw new GuestError(`Cannot turn off guest "${options.name}" after its first boot`, {
    details: shell.tail(20),
    next: `less ${options.consoleLog}`,
  });
}

/** Records the guest's pin of nixpkgs, unless there is a valid one. Returns whether it did. */
export async function recordLock(lock: string | undefined, dir = nixDir()): Promise<boolean> {
  const path = join(dir, LOCK_FILE);
  // Half a line of a serial console must not become a pin.
  if (lock === undefined || !isJson(lock)) return false;
  if (isJson(await readTextIfPresent(path) ?? "")) return false;
  await atomicWrite(path, lock);
  return true;
}

function buildFailed({ name, consoleLog }: SerialOptions, step: string, tail: string[]) {
  return new GuestError(`Cannot apply the configuration in guest "${name}": ${step}`, {
    details: tail.filter((line) => !REPORT.test(line)),
    next: `less ${consoleLog}, then deno task arm-dev-init`,
  });
}
