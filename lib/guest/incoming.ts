import { dirname, join, normalize } from "@std/path";
import { ownScript } from "../base/process/own_script.ts";
import { $ } from "../base/process/dollar.ts";
import { type RepositoryJudge, repositoryJudge } from "./repositories.ts";

/** A path that a guest sent and that is not copied to the host. */
export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

/** The files that a guest has sent, after inspection. */
interface Incoming {
  /** Files and links that may be copied to the host, by paths relative to the directory, sorted. */
  readonly files: string[];
  readonly leftOut: LeftOut[];
}

/** Why a file does not come that neither rsync nor Deno could be told. */
export const NOT_UTF8 = "its name is not UTF-8";

/** How many paths {@link leftOutLines} names. */
const SHOWN_PATHS = 10;

/** What did not come home, for a reader: a line for each path, as far as they can be of use. */
export function leftOutLines(leftOut: readonly LeftOut[]): string[] {
  const rest = leftOut.length - SHOWN_PATHS;
  return [
    ...leftOut.slice(0, SHOWN_PATHS).map(({ path, why }) =>
      `Not copied: ${JSON.stringify(path)}: ${why}`
    ),
    ...(rest > 0 ? [`Not copied: ${rest} more`] : []),
  ];
}

/** rsync's `--munge-links` puts this before the target of each link, so that it leads nowhere. */
const MUNGED = "/rsyncd-munged/";

/**
 * Inspects what came into a private, formerly empty directory. Only files, and links that stay
 * inside, may come home, and no part of a repository. These links get their own targets back.
 */
export async function inspectIncoming(dir: string): Promise<Incoming> {
  const found = await Array.fromAsync(walk(dir));
  const isRepository = repositoryJudge(found.map(({ path }) => path));
  const files: string[] = [];
  const links: string[] = [];
  const leftOut: LeftOut[] = [];
  for (const { path, info } of found) {
    const full = join(dir, path);
    const target = info?.isSymlink ? unmunged(await Deno.readLink(full)) : undefined;
    const why = info === undefined
      ? NOT_UTF8
      : target === undefined && !info.isFile
      ? "it is neither a file nor a link"
      : whyNotHome({ path, target }, isRepository);
    if (why !== undefined) {
      leftOut.push({ path, why });
      continue;
    }
    files.push(path);
    if (target !== undefined) links.push(target, `./${path}`);
  }
  await replaceLinks(dir, links);
  return { files: files.sort(), leftOut };
}

/** How many words to pass to a program at once, since their total length is limited. */
const MOST_WORDS = 200;

const MAKE_LINKS = ownScript("make_links.sh", import.meta.url);

/** Replaces links, each given as its target and its path, an even number of words. */
async function replaceLinks(dir: string, words: readonly string[]): Promise<void> {
  for (let at = 0; at < words.length; at += MOST_WORDS) {
    await $`${MAKE_LINKS} ${words.slice(at, at + MOST_WORDS)}`.cwd(dir)
      .what("make the links that a guest has sent");
  }
}

const unmunged = (target: string) =>
  target.startsWith(MUNGED) ? target.slice(MUNGED.length) : target;

/** Everything but directories; without `info` what cannot be named. */
async function* walk(
  dir: string,
  below = "",
): AsyncGenerator<{ path: string; info: Deno.FileInfo | undefined }> {
  for await (const { name } of Deno.readDir(join(dir, below))) {
    const path = below === "" ? name : `${below}/${name}`;
    const info = await Deno.lstat(join(dir, path)).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    if (info?.isDirectory) yield* walk(dir, path);
    else yield { path, info: info ?? undefined };
  }
}

/**
 * Why a file, or a link to `target`, must not come to the host; `undefined` if it may. By names.
 */
export function whyNotHome(
  { path, target }: { readonly path: string; readonly target?: string | undefined },
  isRepository: RepositoryJudge,
): string | undefined {
  if (isRepository(path)) return "it is part of a repository, which may run programs";
  if (target === undefined) return undefined;
  if (leadsOut(path, target)) return "it is a link that leads out of the tree";
  const aim = normalize(join("/", dirname(path), target)).slice(1);
  return isRepository(aim) ? "it is a link that leads into a repository" : undefined;
}

/**
 * Whether a link may lead out of its tree, also through other links. rsync's `--safe-links` skips
 * the same ones, silently: see `unsafe_symlink()` in its util1.c. Newer versions accept a `..` only
 * at the start of a target, and not at the end of a longer one.
 */
function leadsOut(path: string, target: string): boolean {
  if (target === "" || target.startsWith("/") || target.endsWith("/..")) return true;
  // A name that is not UTF-8: what it says cannot be said again.
  if (target.includes("\ufffd")) return true;
  const parts = target.split("/").filter((part) => part !== "");
  const ups = parts.filter((part) => part === "..").length;
  const depth = path.split("/").length - 1;
  return ups > depth || parts.lastIndexOf("..") >= ups;
}
