import { assertEquals } from "@std/assert";
import { repositoryJudge } from "./repositories.ts";

/** Those of these paths that are part of a repository, in a tree that has nothing else. */
const taken = (...paths: string[]) => paths.filter(repositoryJudge(paths));

Deno.test("repositoryJudge() knows all names by which a file system may find .git", () => {
  const names = [
    ...[".git", ".GIT", ".Git", ".git.", ".git ", ".git. .", "git~1", "GIT~1", "git~2"],
    ...[".git::$INDEX_ALLOCATION", ".git:x", "GIT~1::$INDEX_ALLOCATION", ".git .::$DATA"],
    // Characters that HFS+ skips, and others that show nothing.
    ...[".g\u200cit", "\u200d.git", ".git\u206f", "\ufeff.GiT", ".g\u202ait", ".gi\u00adt"],
    // Other characters for the same letters.
    ...["\uff0e\uff47\uff49\uff54", ".g\u2170t"],
    ...[".hg", ".HG", ".jj", ".bzr", "_darcs"],
  ];
  for (const name of names) {
    for (const path of [name, `${name}/config`, `a/${name}/hooks/x`, `a\\${name}\\config`]) {
      assertEquals(taken(path), [path]);
    }
  }
});

Deno.test("repositoryJudge() accepts names that only begin like .git", () => {
  const names = [
    ...[".gitignore", ".gitmodules", ".gitattributes", ".github", "git", "git~x", "x.git", "..git"],
    ...["agit~1", ".gi", ".git-", ".gít", "hg", "darcs"],
  ];
  assertEquals(taken(...names, ...names.map((name) => `a/${name}/b`)), []);
});

Deno.test("repositoryJudge() knows a repository without a work tree by its layout", () => {
  const layouts = [
    ["r/HEAD", "r/config", "r/objects/x", "r/refs/heads/main", "r/hooks/post-checkout"],
    // As links, in one piece, or with what it lacks somewhere else.
    ["r/HEAD", "r/objects", "r/refs", "r/config"],
    ["r/HEAD", "r/commondir", "r/config.worktree"],
    ["r/head.", "r/OBJECTS/x", "r/config"],
    ["R/HEAD", "r/refs/x", "r/config"],
    ["HEAD", "refs/x", "config", "src/main.c"],
  ];
  for (const paths of layouts) {
    assertEquals(taken(...paths), paths);
    assertEquals(taken("other/HEAD", ...paths).filter((path) => path.startsWith("other")), [
      ...paths[0] === "HEAD" ? ["other/HEAD"] : [],
    ]);
  }
});

Deno.test("repositoryJudge() accepts other trees", () => {
  assertEquals(taken("HEAD", "src/refs/x", "a/HEAD/x", "b/objects/x", "config", "hooks/x"), []);
  // Half of it here, half of it on the other side.
  const both = repositoryJudge(["r/HEAD", "r/objects/x", "r/config"]);
  assertEquals(["r/config", "r/new", "R/config", "s/config"].map(both), [true, true, true, false]);
});
