import { basename, join } from "@std/path";
import { root } from "../../../base/files/paths.ts";
import { settlesWithin } from "../../../base/time/wait.ts";
import type { Expected } from "../../../guest/expect.ts";
import { quoteWord } from "../../../guest/quote.ts";
import type { RootShell } from "../../../guest/root_shell.ts";
import { type Patience, SerialConsole, type SerialOptions } from "../../../guest/serial_console.ts";
import { withoutComments } from "../../../store/recipe.ts";
import { logIn } from "./log_in.ts";
import { SHARED_SCRIPT } from "./scripts.ts";

/** What turns a BSD's own image into a build guest. */
export interface BsdProvisioning {
  /** Its script, relative to the checkout, which reads {@link SHARED_SCRIPT}. */
  readonly script: string;
  /** The user to make. */
  readonly user: string;
  readonly packages: readonly string[];
  /** What is typed at its boot loader, if that asks. */
  readonly loader?: readonly Expected[] | undefined;
}

/** How a guest is provisioned over its serial console. */
export interface ProvisionOptions extends SerialOptions {
  /** A quarter of the time is enough for what is not emulated: 0.25. Default 1. */
  readonly timeScale?: number;
  readonly onStep: (step: string) => void;
}

/** What a provisioned guest has. */
export interface Provisioned {
  readonly kernelVersion: string;
  /** Each with its version, as its package manager lists it. */
  readonly packages: readonly string[];
}

/** Where the scripts lie in the guest meanwhile. */
const GUEST_DIR = "/root/guesthouse";

/** A mirror may be slow, and unpacking a compiler takes long under emulation, without a word. */
const BOOT: Patience = { limitMs: 3_600_000, quietMs: 900_000 };
const SCRIPT: Patience = { limitMs: 10_800_000, quietMs: 1_800_000 };
const COMMAND: Patience = { limitMs: 600_000 };
const POWER_OFF_MS = 600_000;

const STEP = /^guesthouse-provision: STEP (.*)$/;
const PACKAGE = /^guesthouse-package: (.+)$/;
const KERNEL = /^guesthouse-kernel: (\S+)$/;

/**
 * Has a guest that boots set itself up: logs in on its console, types the scripts, runs them, and
 * turns it off. Returns when QEMU has ended. Throws `GuestError`.
 */
export async function provisionBsd(
  provisioning: BsdProvisioning,
  options: ProvisionOptions,
): Promise<Provisioned> {
  const { timeScale = 1, onStep } = options;
  const scaled = ({ limitMs, quietMs = limitMs }: Patience): Patience => ({
    ...{ limitMs: limitMs * timeScale, quietMs: quietMs * timeScale },
  });
  await using console = await SerialConsole.open(options);
  onStep("boot");
  const shell = await logIn(console, scaled(BOOT), provisioning.loader);
  onStep("type the scripts");
  const command = await typeScripts(shell, provisioning, scaled(COMMAND));
  const done = await runScript(shell, command, { ...scaled(SCRIPT), onStep });
  await shell.must(["rm", "-r", GUEST_DIR], { ...scaled(COMMAND), what: "remove the scripts" });
  onStep("power off");
  await shell.leave("sync; shutdown -p now", "turn off");
  if (await settlesWithin(options.exited, POWER_OFF_MS * timeScale) === "settled") return done;
  throw console.fault("turn off", "it is still running after its shutdown was asked for");
}

/** Types the scripts, and returns the command that runs them. */
async function typeScripts(
  shell: RootShell,
  { script, user, packages }: BsdProvisioning,
  patience: Patience,
): Promise<string> {
  await shell.must(["mkdir", "-p", GUEST_DIR], { ...patience, what: "make a directory" });
  for (const path of [SHARED_SCRIPT, script]) {
    const lines = withoutComments(await Deno.readTextFile(join(root, path)));
    await shell.writeFile(
      `${GUEST_DIR}/${basename(path)}`,
      `${lines.join("\n")}\n`,
      `type ${path}`,
    );
  }
  // Line by line: a terminal's line is too short for many packages.
  const command = [
    "exec sh",
    `${GUEST_DIR}/${basename(script)}`,
    ...[user, ...packages].map(quoteWord),
  ];
  const run = `${GUEST_DIR}/run.sh`;
  await shell.writeFile(run, `${command.join(" \\\n")}\n`, "type the command");
  return `sh ${run}`;
}

async function runScript(
  shell: RootShell,
  command: string,
  { onStep, ...patience }: Patience & Pick<ProvisionOptions, "onStep">,
): Promise<Provisioned> {
  let step = "start the script";
  let kernelVersion = "";
  const packages: string[] = [];
  const onLine = (line: string) => {
    const next = STEP.exec(line)?.[1];
    if (next !== undefined) onStep(step = next);
    const name = PACKAGE.exec(line)?.[1];
    if (name !== undefined) packages.push(name);
    kernelVersion = KERNEL.exec(line)?.[1] ?? kernelVersion;
  };
  const what = "provision";
  const { code } = await shell.run(command, { ...patience, what, onLine });
  if (code !== 0) throw shell.fault(step, `the script ended with status ${code}`);
  if (kernelVersion === "") throw shell.fault(what, "the script did not say which kernel it has");
  return { kernelVersion, packages };
}
