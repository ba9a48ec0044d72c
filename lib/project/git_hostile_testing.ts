/** Repositories whose configuration starts programs, for tests. */
import { join } from "@std/path";
import { git } from "./excludes_testing.ts";

/** Keys whose value git runs; each is set to a program that leaves a mark. */
const PROGRAM_KEYS = [
  ...["core.fsmonitor", "core.sshCommand", "core.pager", "core.askPass", "core.editor"],
  ...["core.gitProxy", "core.alternateRefsCommand", "credential.helper", "diff.external"],
  ...["filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.x.textconv", "pager.ls-files"],
  ...["alias.ls-files", "uploadpack.packObjectsHook", "remote.origin.uploadpack"],
];

/** Where a repository's configuration can come from. */
type ConfigPlace = "config" | "config.worktree" | "included file" | "submodule's config";
export const CONFIG_PLACES: readonly ConfigPlace[] = [
  ...["config", "config.worktree", "included file", "submodule's config"] as const,
];

/** A project that is a repository, and a directory beside it that its programs leave marks in. */
interface Hostile extends AsyncDisposable {
  readonly dir: string;
  /** The names of the keys that were obeyed; sorted. */
  marks(): Promise<string[]>;
}

/**
 * Makes a repository with a submodule `sub`, and sets each key that can start a program. One
 * `.gitignore` is known to the index alone and its object is missing, so that git wants to fetch it.
 */
export async function makeHostile(place: ConfigPlace): Promise<Hostile> {
  const box = await Deno.realPath(await Deno.makeTempDir({ prefix: "guesthouse-hostile-" }));
  const dir = join(box, "project");
  const marks = join(box, "marks");
  await Deno.mkdir(marks);
  await makeRepository(join(box, "module"));
  await makeRepository(dir);
  await git(dir, "submodule", "--quiet", "add", join(box, "module"), "sub");
  await git(dir, "commit", "-q", "-m", "sub");
  const repository = place === "submodule's config" ? join(dir, "sub") : dir;
  await loseIgnoreFile(repository);

  const script = async (path: string, key: string) => {
    const text = `#!/bin/sh\n: >'${marks}/${key}'\n`;
    await Deno.writeTextFile(path, text, { mode: 0o755 });
    return path;
  };
  const hooks = join(box, "hooks");
  await Deno.mkdir(hooks);
  for (const hook of ["post-index-change", "reference-transaction", "post-checkout"]) {
    await script(join(hooks, hook), `hook ${hook}`);
  }
  const settings: [key: string, value: string][] = [
    ["core.hooksPath", hooks],
    // An object that is missing is asked for from here.
    ["remote.origin.url", `ext::${await script(join(box, "fetch"), "fetch")}`],
    ["remote.origin.promisor", "true"],
    ["protocol.ext.allow", "always"],
    ["extensions.partialClone", "origin"],
  ];
  for (const key of PROGRAM_KEYS) settings.push([key, await script(join(box, key), key)]);

  const file = await configFile(repository, place, box);
  await git(dir, "config", "-f", file, "core.repositoryFormatVersion", "1");
  for (const [key, value] of settings) await git(dir, "config", "-f", file, key, value);
  return {
    dir,
    marks: async () => (await Array.fromAsync(Deno.readDir(marks))).map(({ name }) => name).sort(),
    [Symbol.asyncDispose]: () => Deno.remove(box, { recursive: true }),
  };
}

async function makeRepository(dir: string): Promise<void> {
  await Deno.mkdir(join(dir, "kept"), { recursive: true });
  await git(dir, "init", "-q");
  const files = {
    ".gitattributes": "* filter=x diff=x\n",
    ".gitignore": "*.log\n",
    "main.c": "",
    "x.log": "",
    "kept/.gitignore": "*.tmp\n",
    "kept/a.c": "",
  };
  for (const [path, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(dir, path), text);
  }
  await git(dir, "add", ".");
  await git(dir, "commit", "-q", "-m", "all");
}

async function loseIgnoreFile(dir: string): Promise<void> {
  await git(dir, "update-index", "--skip-worktree", "kept/.gitignore");
  const object = (await git(dir, "rev-parse", ":kept/.gitignore")).trim();
  const objects = (await git(dir, "rev-parse", "--git-path", "objects")).trim();
  await Deno.remove(join(dir, "kept/.gitignore"));
  // Git reads an ignore file for what it does not track.
  await Deno.writeTextFile(join(dir, "kept/new.tmp"), "");
  await Deno.remove(join(objects.startsWith("/") ? "" : dir, objects, object.slice(0, 2)), {
    recursive: true,
  });
}

async function configFile(dir: string, place: ConfigPlace, box: string): Promise<string> {
  const main = (await git(dir, "rev-parse", "--absolute-git-dir")).trim();
  if (place === "config.worktree") {
    await git(dir, "config", "extensions.worktreeConfig", "true");
    return join(main, "config.worktree");
  }
  if (place !== "included file") return join(main, "config");
  await git(dir, "config", "include.path", join(box, "included"));
  return join(box, "included");
}
