import { z } from "zod";

// zod compiles a checker on first use, which pays off after some hundred values. A task checks a
// few.
z.config({ jitless: true });

/** Our records have some KiB; a much larger file was not written by us. */
const MOST_BYTES = 16 << 20;

/**
 * Reads a JSON record; `undefined` if there is none, or it does not match the schema. Unknown
 * fields are dropped. Throws only the host's faults.
 */
export async function readJson<T extends z.ZodType>(
  path: string,
  schema: T,
): Promise<z.output<T> | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size > MOST_BYTES) return undefined;
    return parseJson(await Deno.readTextFile(path), schema);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/** The value that a text of JSON has; `undefined` if it is none, or not what the schema says. */
export function parseJson<T extends z.ZodType>(text: string, schema: T): z.output<T> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return schema.safeParse(value).data;
}
