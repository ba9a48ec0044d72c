/** A path for a message: as it is where that is plain, else quoted, so that it stays one line. */
export function showPath(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) && !path.startsWith("-") ? path : JSON.stringify(path);
}
