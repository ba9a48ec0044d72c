import { join } from "@std/path";
import { FileRefused, MOST_TEXT_BYTES, readRegular } from "./project_file.ts";
import type { Repository } from "./git_repository.ts";

/** An index of some three million files. */
const MOST_INDEX_BYTES = 256 << 20;

/** A part of a split index lies beside it (gitformat-index(5)). */
const SHARED_INDEX = /^sharedindex\.[0-9a-f]{40,64}$/;

/**
 * Makes a git directory that knows the files of a repository and nothing else of it: a copy of its
 * index and of its `info/exclude`, with a configuration of ours. What the repository's own
 * configuration could start or open (a file system monitor, hooks, filters, included files, a
 * remote to fetch missing objects from) is then never read.
 *
 * Throws {@link FileRefused} if a part of the index is no regular file, or too large.
 */
export async function copyRepository(repository: Repository, into: string): Promise<void> {
  const { gitDir, commonDir } = repository;
  for (const name of ["objects", "refs", "info"]) await Deno.mkdir(join(into, name));
  await Deno.writeTextFile(join(into, "HEAD"), "ref: refs/heads/none\n");
  await Deno.writeTextFile(join(into, "config"), configOf(await textOf(join(commonDir, "config"))));
  const exclude = await textOf(join(commonDir, "info/exclude"));
  await Deno.writeTextFile(join(into, "info/exclude"), exclude);
  let left = MOST_INDEX_BYTES;
  for (const name of await indexFiles(gitDir)) {
    const bytes = await readRegular(join(gitDir, name), left).catch((error) => {
      throw error instanceof FileRefused
        ? new FileRefused(`${JSON.stringify(join(gitDir, name))}: ${error.message}`)
        : error;
    });
    left -= bytes.length;
    await Deno.writeFile(join(into, name), bytes);
  }
}

async function indexFiles(gitDir: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(gitDir))).map(({ name }) => name);
  return names.filter((name) => name === "index" || SHARED_INDEX.test(name));
}

/**
 * The settings of a repository without which its index and file names would be misread; they can
 * start and open nothing. As git writes them, or a value that is right for most repositories.
 */
function configOf(text: string): string {
  const isSet = (pattern: RegExp) => pattern.test(text);
  // Never across line ends: `\s*` would take the square of a hostile text's length.
  const isSha256 = isSet(/^[ \t]*objectformat[ \t]*=[ \t]*"?sha256"?[ \t\r]*$/im);
  return [
    "[core]",
    `repositoryFormatVersion = ${isSha256 ? 1 : 0}`,
    "bare = false",
    `ignoreCase = ${isSet(/^[ \t]*ignorecase[ \t]*=[ \t]*true[ \t\r]*$/im)}`,
    `precomposeUnicode = ${isSet(/^[ \t]*precomposeunicode[ \t]*=[ \t]*true[ \t\r]*$/im)}`,
    // Maps less of a large pack at a time: git gets a limited amount of memory.
    "packedGitWindowSize = 32m",
    "packedGitLimit = 512m",
    ...isSha256 ? ["[extensions]", "objectFormat = sha256"] : [],
  ].map((line) => `${line}\n`).join("");
}

/** The text of a file; "" without one, or if it is nothing that git itself would have written. */
async function textOf(path: string): Promise<string> {
  return await readRegular(path, MOST_TEXT_BYTES).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => "",
  );
}
