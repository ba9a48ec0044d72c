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

/** Removes a file or a whole directory, if there is one. */
export async function removeIfPresent(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!isPathAbsent(error)) throw error;
  });
}
