/** The text of a file; `undefined` if there is no such file. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isPathAbsent(error)) return undefined;
    throw error;
  }
}

/** Whether an error says that a path leads nowhere. */
export function isPathAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound;
}
