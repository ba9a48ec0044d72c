import { join } from "@std/path";
import { FileRefused, MOST_TEXT_BYTES, readRegular } from "./project_file.ts";
import type { Repository } from "./git_repository.ts";

/** An index of some three million files. */
const MOST_INDEX_BYTES = 256 << 20;

/** A part of a split index lies beside it (gitformat-index(5)). */
const SHARED_INDEX = /^sharedindex\.[0-9a-f]{40,64}$/;

/**
 * Makes a git directory with a repository's index and `info/exclude`, and a configuration of ours,
 * so that nothing is started or opened by the repository's own (hooks, filters, included files,
 * remotes). Throws {@link FileRefused} if a part of the index is not regular, or too large.
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

/** A repository's settings that affect how its index is read; they can start and open nothing. */
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
