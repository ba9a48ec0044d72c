import { join } from "@std/path";
import { atomicWrite } from "../../../base/files/atomic_write.ts";
import { DIGEST_PATTERN } from "../../../base/files/digest.ts";
import { stateDir } from "../../../base/files/paths.ts";
import { UsageError } from "../../../base/errors.ts";
import { readTextIfPresent } from "../../../base/files/read_text.ts";
import { type FarmFile, newestFile } from "./farm.ts";
import type { FarmJob } from "../../../config/nixos_sources.ts";
import { nixDir } from "./local_file.ts";

/** A downloaded file as the first download found it; later downloads must be identical. */
interface Pin extends FarmFile {
  /** The job of the build; the pin of another job does not count. */
  readonly job: string;
  /** ISO 8601, UTC. */
  readonly taken: string;
}

/** The one farm whose pins are in the checkout, in a file to commit. */
const PROJECT_FARM = "https://hydra.nixos.org";

/** Where pins of that farm are recorded: in the checkout, or, for a mirror, only in its state. */
export function pinsFile(farm: string): string {
  return farm === PROJECT_FARM ? join(nixDir(), "pins.json") : join(stateDir(), "nixos-pins.json");
}

interface PinRequest {
  /** The name under which the pin is recorded. */
  readonly name: string;
  readonly farm: string;
  readonly job: FarmJob;
  readonly signal: AbortSignal;
  /** Default: {@link pinsFile}. */
  readonly path?: string;
}

interface FoundPin {
  readonly pin: Pin;
  readonly isNew: boolean;
}

/**
 * The recorded pin, or the farm's newest build, which is then recorded. Throws {@link UsageError}.
 */
export async function ensurePin(request: PinRequest): Promise<FoundPin> {
  const { name, farm, job, signal, path = pinsFile(request.farm) } = request;
  const pins = await readPins(path);
  const known = pins[name];
  if (known?.job === job.job) return { pin: known, isNew: false };
  const file = await newestFile(farm, job, signal);
  const pin: Pin = { job: job.job, ...file, taken: new Date().toISOString() };
  const sorted = Object.entries({ ...pins, [name]: pin }).sort(([a], [b]) => a < b ? -1 : 1);
  await atomicWrite(path, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
  return { pin, isNew: true };
}

/** Every recorded pin, by name. */
export async function readPins(path: string): Promise<Readonly<Record<string, Pin>>> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return {};
  const pins = parse(text, path);
  for (const [name, pin] of Object.entries(pins)) {
    if (!isPin(pin)) throw damaged(path, `"${name}" is not a pin with url, sha256, bytes and job`);
  }
  return pins as Readonly<Record<string, Pin>>;
}

function parse(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const pins = JSON.parse(text);
    if (typeof pins === "object" && pins !== null && !Array.isArray(pins)) return pins;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw damaged(path, error.message);
  }
  throw damaged(path, "it is not a JSON object");
}

function isPin(value: unknown): value is Pin {
  const pin = value as Partial<Pin> | null;
  return typeof pin?.url === "string" && URL.canParse(pin.url) && typeof pin.job === "string" &&
    Number.isSafeInteger(pin.bytes) && DIGEST_PATTERN.test(pin.sha256 ?? "");
}

function damaged(path: string, fault: string): UsageError {
  return new UsageError(`Cannot use the pins of NixOS: ${fault}`, {
    details: [`file: ${path}`],
    next: `git checkout ${path}, or remove it to get new pins`,
  });
}
