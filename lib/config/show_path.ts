/** A path for a message: unchanged if it is plain, else quoted, so that it stays on one line. */
export function showPath(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) && !path.startsWith("-") ? path : JSON.stringify(path);
}
