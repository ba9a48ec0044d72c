import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { inspectIncoming, leftOutLines } from "./incoming.ts";

const REPOSITORY = "it is part of a repository, which may run programs";
const OUT = "it is a link that leads out of the tree";
const INTO = "it is a link that leads into a repository";

/**
 * Lays out a tree, of which a target stands for a link and "" for a file, and says of each path why
 * it would not come home.
 */
async function inspect(tree: Record<string, string>, use?: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir({ prefix: "gh-incoming-" });
  try {
    for (const [path, target] of Object.entries(tree)) {
      await Deno.mkdir(dirname(join(dir, path)), { recursive: true });
      if (target === "") await Deno.writeTextFile(join(dir, path), "text");
      else await Deno.symlink(target, join(dir, path));
    }
    const { files, leftOut } = await inspectIncoming(dir);
    await use?.(dir);
    return { files, leftOut: Object.fromEntries(leftOut.map(({ path, why }) => [path, why])) };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("inspectIncoming() lets files and links through, and gives links their targets", async () => {
  await inspect({ "a/b": "", "a/up": "/rsyncd-munged/../c", plain: "a/b" }, async (dir) => {
    assertEquals(await Deno.readLink(join(dir, "a/up")), "../c");
    assertEquals(await Deno.readLink(join(dir, "plain")), "a/b");
  }).then(({ files, leftOut }) => {
    assertEquals(files, ["a/b", "a/up", "plain"]);
    assertEquals(leftOut, {});
  });
});

Deno.test("inspectIncoming() gives very many links, with any names, their targets", async () => {
  const names = Array.from({ length: 250 }, (_, index) => `-n${index} \n'$(x)`);
  await inspect(
    Object.fromEntries(names.map((name) => [name, `/rsyncd-munged/${name}`])),
    async (dir) => {
      for (const name of names) assertEquals(await Deno.readLink(join(dir, name)), name);
    },
  ).then(({ files }) => assertEquals(files.length, names.length));
});

Deno.test("inspectIncoming() keeps out links that lead out of the tree in any way", async () => {
  const { files, leftOut } = await inspect({
    absolute: "/rsyncd-munged//etc/passwd",
    bare: "/etc/passwd",
    twice: "/rsyncd-munged//rsyncd-munged/x",
    up: "/rsyncd-munged/../x",
    "d/up": "../../x",
    "d/root": "..",
    // Each of them is harmless only if the other does not lead up.
    "d/chain": "root/../x",
    "d/e/chain": "../root",
    "d/late": "a/../../../x",
  });
  assertEquals(files, ["d/e/chain", "d/root"]);
  assertEquals(Object.keys(leftOut).sort(), [
    ...["absolute", "bare", "d/chain", "d/late", "d/up", "twice", "up"],
  ]);
  assertEquals(new Set(Object.values(leftOut)), new Set([OUT]));
});

Deno.test("inspectIncoming() keeps out repositories, and links into them", async () => {
  const { files, leftOut } = await inspect({
    ...{ ".git/config": "", "sub/.git": "", "sub/.GIT/hooks/x": "", "sub/git~1/config": "" },
    ...{ "sub/.hg/hgrc": "", "r/HEAD": "", "r/refs/x": "", "r/config": "", "ok/HEAD": "" },
    ...{ "hooks": ".git/hooks", "sub/link": "../.Git", "sub/.git ": "x", "to-bare": "r/hooks" },
  });
  assertEquals(files, ["ok/HEAD"]);
  assertEquals(leftOut, {
    ".git/config": REPOSITORY,
    "sub/.git": REPOSITORY,
    "sub/.GIT/hooks/x": REPOSITORY,
    "sub/git~1/config": REPOSITORY,
    "sub/.hg/hgrc": REPOSITORY,
    "sub/.git ": REPOSITORY,
    "r/HEAD": REPOSITORY,
    "r/refs/x": REPOSITORY,
    "r/config": REPOSITORY,
    "hooks": INTO,
    "sub/link": INTO,
    "to-bare": INTO,
  });
});

Deno.test("inspectIncoming() keeps out special files, and names that it cannot read", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gh-incoming-" });
  try {
    // A directory of that name may hold what nothing here can look at.
    const odd =
      'mkfifo pipe; touch ok; mkdir -p "$(printf "d\\377")/.git"; touch "$(printf "f\\377")"';
    const { code } = await $`sh -c ${odd}`.cwd(dir).noThrow();
    assertEquals(code, 0);
    const { files, leftOut } = await inspectIncoming(dir);
    assertEquals(files, ["ok"]);
    assertEquals(leftOut.map(({ path, why }) => `${path}: ${why}`).sort(), [
      "d\ufffd: its name is not UTF-8",
      "f\ufffd: its name is not UTF-8",
      "pipe: it is neither a file nor a link",
    ]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("leftOutLines() names the first ones, and counts the others", () => {
  const leftOut = Array.from({ length: 12 }, (_, index) => ({ path: `${index}\n`, why: OUT }));
  const lines = leftOutLines(leftOut);
  assertEquals([lines[0], lines.length, lines.at(-1)], [
    `Not copied: "0\\n": ${OUT}`,
    11,
    "Not copied: 2 more",
  ]);
});
