import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../base/host_testing.ts";
import { run } from "../base/process/run.ts";
import { loopback, withLoopback } from "../guest/rsync_testing.ts";
import { git, makeTree } from "../project/excludes_testing.ts";
import { syncProject } from "./sync_project.ts";

/** A project, a "guest" that is another directory of this host, and a way from one to the other. */
async function withProject(
  files: Record<string, string>,
  use: (
    dirs: { project: string; guest: string },
    sync: (excludes?: string[]) => Promise<{ files: number; bytes: number }>,
  ) => Promise<void>,
) {
  await using tree = await makeTree(files);
  await withLoopback(async (env, dir) => {
    await using _env = await sandbox(env);
    const guest = join(dir, "gue st/source");
    const runDir = join(dir, "run");
    for (const made of [guest, runDir]) await Deno.mkdir(made, { recursive: true });
    await use({ project: tree.dir, guest }, async (excludes = []) => {
      const told: string[] = [];
      await syncProject({
        ...{ runDir, guestDir: guest, ssh: loopback(), project: { dir: tree.dir, excludes } },
        log: { write: (text) => told.push(text) },
        onWarning: (text) => told.push(text),
        signal: new AbortController().signal,
      });
      assertEquals(told.length, 1);
      return JSON.parse(told[0]!.replace("== sync: ", ""));
    });
  });
}

/** All that is below a directory, with a slash behind directories; sorted. */
async function namesIn(dir: string): Promise<string[]> {
  const format = ["-type", "d", "-printf", "%P/\n", "-o", "-printf", "%P\n"];
  const { stdout } = await run(["find", dir, "-mindepth", "1", ...format]);
  return stdout.trim().split("\n").sort();
}

Deno.test("syncProject() sends names of any bytes, links and empty directories", async () => {
  const files = {
    "#a": "",
    ";b": "",
    "-c": "",
    "./d e": "",
    "new\nline": "",
    "sub/link": "-> ../#a",
  };
  await withProject(files, async ({ project, guest }, sync) => {
    await Deno.mkdir(join(project, "empty"));
    await Deno.chmod(join(project, "empty"), 0o700);
    await run(["sh", "-c", 'printf g >"$(printf "bad-\\377")"'], { cwd: project });
    assertEquals((await sync()).files, 6);
    const same = await run(["diff", "-r", "--no-dereference", project, guest]);
    assertEquals([same.code, same.stdout], [0, ""]);
    assertEquals((await Deno.stat(join(guest, "empty"))).mode! & 0o777, 0o700);
  });
});

Deno.test("syncProject() sends no time that is later than now", async () => {
  await withProject({ "a/late.c": "", "now.c": "", "old.c": "" }, async (dirs, sync) => {
    const times = { late: Date.now() + 1e9, old: 1e12 };
    for (const path of ["a/late.c", "a"]) {
      await Deno.utime(join(dirs.project, path), times.late / 1000, times.late / 1000);
    }
    await Deno.utime(join(dirs.project, "old.c"), times.old / 1000, times.old / 1000);
    await sync();
    const time = async (path: string) => (await Deno.stat(join(dirs.guest, path))).mtime!.getTime();
    for (const path of ["a", "a/late.c", "now.c"]) {
      assertEquals(await time(path) <= Date.now(), true, path);
    }
    assertEquals(await time("old.c"), times.old);
  });
});

Deno.test("syncProject() sends of sparse files what is not zero", async () => {
  await withProject({ "disk.img": "begin", "x": "" }, async ({ project, guest }, sync) => {
    await Deno.truncate(join(project, "disk.img"), 64 * 2 ** 20);
    assertEquals((await sync()).files, 2);
    const { size, blocks } = await Deno.stat(join(guest, "disk.img"));
    assertEquals([size, (blocks ?? 0) * 512 < 2 ** 20], [64 * 2 ** 20, true]);
    assertEquals((await run(["cmp", join(project, "disk.img"), join(guest, "disk.img")])).code, 0);
  });
});

Deno.test("syncProject() also sends ignored files that the project's excludes include again", async () => {
  const files = { ".gitignore": "/gen/\n", "main.c": "", "gen/sub/parser.h": "", "gen/x": "" };
  await withProject(files, async ({ project, guest }, sync) => {
    await git(project, "init", "-q");
    await git(project, "add", ".");
    assertEquals((await sync(["!parser.h"])).files, 3);
    assertEquals(await namesIn(guest), [
      ...[".gitignore", "gen/", "gen/sub/", "gen/sub/parser.h", "main.c"],
    ]);
  });
});
