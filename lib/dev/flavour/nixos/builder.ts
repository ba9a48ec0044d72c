import { findProgram } from "../../../base/process/find_program.ts";
import { makeScratch } from "../../../base/process/scratch.ts";
import { $ } from "../../../base/process/dollar.ts";
import { readTextIfPresent } from "../../../base/files/read_text.ts";
import { configurationIn } from "./seed_disk.ts";
import type { LocalSettings } from "./local_file.ts";
import { join } from "@std/path";

/** Whether this host can build NixOS for aarch64, and if not, why. */
type NixBuilder = { readonly able: true } | { readonly able: false; readonly why: string };

/** Enables flakes and the new commands, whatever the host's settings are. */
const NIX = ["nix", "--extra-experimental-features", "nix-command flakes"];
/** Nix is the user's own, with the user's settings. */
const sh = $.with({ environment: "user" });
/** Nix's name for the guest's kind of machine. */
const SYSTEM = "aarch64-linux";
/** A trivial build: it proves that there is a builder, while settings only claim it. */
const PROBE = `derivation {
  name = "guesthouse-probe";
  system = "${SYSTEM}";
  builder = "/bin/sh";
  args = [ "-c" "echo ok > $out" ];
}`;
/** A remote builder that is asleep must not block the task forever. */
const PROBE_MS = 60_000;

/** Whether Nix builds for aarch64 here; settings come first: a build would create a store. */
export async function findBuilder(signal: AbortSignal): Promise<NixBuilder> {
  if (findProgram("nix") === undefined) return { able: false, why: "Nix is not installed here" };
  const settings = await readSettings(signal);
  if (!claimsAarch64(settings, await readMachines(settings.builders?.value ?? ""))) {
    return { able: false, why: "Nix here has no builder for aarch64-linux" };
  }
  try {
    const { code, stderr } = await sh`${NIX} build --impure --no-link --expr ${PROBE}`
      .with({ signal, timeoutMs: PROBE_MS }).noThrow();
    return code === 0 ? { able: true } : { able: false, why: firstError(stderr) };
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
    return { able: false, why: `no builder has answered within ${PROBE_MS / 1000} s` };
  }
}

/** The settings of Nix that count here. */
export interface NixSettings {
  readonly system?: { readonly value: string };
  readonly "extra-platforms"?: { readonly value: readonly string[] };
  /** Machines, one per line or separated by semicolons; `@FILE` for a file of them. */
  readonly builders?: { readonly value: string };
}

/** `show-config` is the name of `config show` before Nix 2.20. */
async function readSettings(signal: AbortSignal): Promise<NixSettings> {
  for (const words of [["config", "show"], ["show-config"]]) {
    const { code, stdout } = await sh`${NIX} ${words} --json`.signal(signal).noThrow();
    if (code === 0) return JSON.parse(stdout);
  }
  return {};
}

/** Whether Nix claims that it, or another machine, runs aarch64 programs. */
export function claimsAarch64(settings: NixSettings, machines: string): boolean {
  const platforms = [settings.system?.value, ...settings["extra-platforms"]?.value ?? []];
  return platforms.includes(SYSTEM) || machines.includes(SYSTEM);
}

async function readMachines(builders: string): Promise<string> {
  if (!builders.startsWith("@")) return builders;
  return await readTextIfPresent(builders.slice(1)) ?? "";
}

function firstError(stderr: string): string {
  const line = stderr.split("\n").find((text) => /error:/.test(text)) ?? stderr.trim();
  return `Nix builds nothing for aarch64-linux here: ${line.replace(/^.*error:\s*/, "")}`;
}

/** What {@link buildImage} takes. */
interface BuildImageOptions extends LocalSettings {
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** The command that builds the disk from a copy of `nix/` that has a `local.nix`. */
const buildImageCommand = (dir: string): string[] => [
  ...NIX,
  ...["build", "--no-link", "--print-out-paths", "--print-build-logs", `path:${dir}#image`],
];

/** Builds the disk with Nix. Returns its path and Nix's lock, if any. Throws Nix's last lines. */
export async function buildImage(
  options: BuildImageOptions,
): Promise<{ readonly image: string; readonly lock: string | undefined }> {
  // A path flake, of a copy: from a work tree, Nix takes only tracked files, so not local.nix.
  await using scratch = await makeScratch("nix");
  const dir = join(scratch.path, "nix");
  await configurationIn(dir, options);
  const onOutput = (text: string) => text.trimEnd().split("\n").forEach(options.log);
  const result = await sh`${buildImageCommand(dir)}`.with({ signal: options.signal, onOutput })
    .what("build the NixOS image").text();
  const imageDir = join(result, "sd-image");
  const names = await Array.fromAsync(Deno.readDir(imageDir), ({ name }) => name);
  const image = names.find((name) => name.endsWith(".img"));
  if (image === undefined) throw new Error(`${imageDir} has no image, but ${names.join(", ")}`);
  const lock = await Deno.readTextFile(join(dir, "flake.lock")).catch(() => undefined);
  return { image: join(imageDir, image), lock };
}
