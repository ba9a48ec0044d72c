import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../base/host_testing.ts";
import { run } from "../base/process/run.ts";
import { loopback, withLoopback } from "../guest/rsync_testing.ts";
import { git, makeTree } from "../project/excludes_testing.ts";
import type { Project } from "../project/project.ts";
import { syncProject } from "./sync_project.ts";

/** A project, a "guest" that is another directory of this host, and a way from one to the other. */
async function withProject(
  files: Record<string, string>,
  use: (
    dirs: { project: string; guest: string },
    sync: (options?: { excludes?: string[]; deleteExtra?: boolean }) => Promise<number[]>,
  ) => Promise<void>,
) {
  await using tree = await makeTree(files);
  await withLoopback(async (env, dir) => {
    await using _env = await sandbox(env);
    const guest = join(dir, "gue st/source");
    const runDir = join(dir, "run");
    await Deno.mkdir(runDir);
    const warnings: string[] = [];
    await use({ project: tree.dir, guest }, async ({ excludes = [], ...options } = {}) => {
      const stats = await syncProject({
        ...{ ...options, runDir, guestDir: guest, ssh: loopback() },
        project: { dir: tree.dir, excludes } as unknown as Project,
        log: { write: () => {} } as unknown as Parameters<typeof syncProject>[0]["log"],
        onWarning: (text) => warnings.push(text),
        signal: new AbortController().signal,
      });
      assertEquals(warnings, []);
      return [stats.files, stats.cameOrWent];
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
    assertEquals(await sync(), [6, 9]);
    const same = await run(["diff", "-r", "--no-dereference", project, guest]);
    assertEquals([same.code, same.stdout], [0, ""]);
    assertEquals((await Deno.stat(join(guest, "empty"))).mode! & 0o777, 0o700);
    assertEquals(await sync({ deleteExtra: true }), [0, 0]);
  });
});

Deno.test("syncProject() removes deleted files, and keeps files made by a build", async () => {
  const files = { "a.c": "", "gone/b.c": "", "gone/deep/c.c": "", "turned": "", "was/d.c": "" };
  await withProject({ ...files, ".gitignore": "*.log\n" }, async ({ project, guest }, sync) => {
    // At first there is nothing to remove.
    await sync({ deleteExtra: true });
    // Of the guest alone: what is left out, and what is not.
    const made = [
      "build/x",
      "a.o",
      "gone/deep/c.o",
      "out/CMakeFiles/x",
      "new.c",
      "new/e.c",
      "x.log",
    ];
    for (const path of made) {
      await Deno.mkdir(join(guest, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(guest, path), "");
    }
    for (const path of ["gone", "turned", "was"]) {
      await Deno.remove(join(project, path), { recursive: true });
    }
    await Deno.mkdir(join(project, "turned"));
    await Deno.writeTextFile(join(project, "was"), "");
    await sync({ deleteExtra: true });
    assertEquals(await namesIn(guest), [
      ...[".gitignore", "a.c", "a.o", "build/", "build/x", "gone/", "gone/deep/", "gone/deep/c.o"],
      ...["out/", "out/CMakeFiles/", "out/CMakeFiles/x", "turned/", "was", "x.log"],
    ]);
  });
});

Deno.test("syncProject() also sends ignored files that the project's excludes include again", async () => {
  const files = { ".gitignore": "/gen/\n", "main.c": "", "gen/sub/parser.h": "", "gen/x": "" };
  await withProject(files, async ({ project, guest }, sync) => {
    await git(project, "init", "-q");
    await git(project, "add", ".");
    assertEquals(await sync({ excludes: ["!parser.h"] }), [3, 5]);
    assertEquals(await namesIn(guest), [
      ...[".gitignore", "gen/", "gen/sub/", "gen/sub/parser.h", "main.c"],
    ]);
  });
});
