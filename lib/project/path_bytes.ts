import { Buffer } from "node:buffer";

/**
 * File names are bytes, which need not be UTF-8. Where all of them count, a path is a string of
 * characters up to U+00FF, each of which stands for one byte.
 */
export type BytePath = string;

export const readBytes = (bytes: Uint8Array): BytePath => Buffer.from(bytes).toString("latin1");

export const toBytes = (path: BytePath): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(path, "latin1"));

/** The bytes of a text. */
export const fromText = (text: string): BytePath =>
  isAscii(text) ? text : Buffer.from(text).toString("latin1");

/** The text of a path; bytes that are not UTF-8 are lost: see {@link isGarbled}. */
export const toText = (path: BytePath): string =>
  isAscii(path) ? path : Buffer.from(path, "latin1").toString();

/** Whether a text has what a byte that is not UTF-8 becomes. There is no file of such a name. */
export const isGarbled = (text: string): boolean => text.includes("\uFFFD");

// deno-lint-ignore no-control-regex
const isAscii = (text: string): boolean => !/[^\x00-\x7f]/.test(text);

/** What is below a directory; directories end with a slash, and come before what they hold. */
interface Tree {
  readonly paths: BytePath[];
  /** Those of them that are links. */
  readonly links: BytePath[];
}

/** Reads what `list_tree.sh` writes. */
export function parseTree(list: BytePath): Tree {
  const names = list.split("\0");
  const tree: Tree = { paths: [], links: [] };
  for (let at = 0; at < names.length - 1;) {
    const name = names[at]!;
    const path = name.slice("./".length);
    const first = at;
    while (names[at] === name) at++;
    if (path === "") continue;
    tree.paths.push(at - first === 2 ? `${path}/` : path);
    if (at - first === 3) tree.links.push(path);
  }
  return tree;
}

/** The content of a file for rsync's `--files-from`: a directory is named without what it holds. */
export const fileList = (paths: readonly BytePath[]): BytePath =>
  paths.map((path) => `./${path.replace(/\/$/, "")}\0`).join("");

/** The directory that a path lies in, with its slash; "" for the tree's own. */
export const parentOf = (path: BytePath): BytePath =>
  path.slice(0, path.lastIndexOf("/", path.length - 2) + 1);

/** The last name of a path, without a slash. */
export const nameOf = (path: BytePath): BytePath =>
  path.slice(parentOf(path).length).replace(/\/$/, "");
