import { join } from "@std/path";
import { verdictsDir } from "./paths.ts";

/** Reads an earlier finding about this host; `undefined` if it is missing or not `isValid`. */
export async function readVerdict<T>(
  name: string,
  isValid: (value: unknown) => value is T,
): Promise<T | undefined> {
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(join(verdictsDir(), `${name}.json`)));
    return isValid(value) ? value : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

/**
 * Remembers a finding atomically. If the host cannot (a full disk, no access), that is no error.
 */
export async function writeVerdict(name: string, value: unknown): Promise<void> {
  const path = join(verdictsDir(), `${name}.json`);
  // Named as atomicWrite() does, so that gc removes what a killed task has left of it.
  const random = crypto.randomUUID().slice(-12);
  const beside = join(verdictsDir(), `.${name}.json.tmp-${Deno.pid}-${random}`);
  try {
    await Deno.mkdir(verdictsDir(), { recursive: true });
    await Deno.writeTextFile(beside, `${JSON.stringify(value, null, 2)}\n`);
    await Deno.rename(beside, path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    await Deno.remove(beside).catch(() => {});
  }
}

/** Whether the value is an object, so that its fields can be read. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
