import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { formatError, UsageError } from "../base/errors.ts";
import { resolveProject } from "./find_project.ts";

/** A checkout at `root` inside a temporary directory `dir`, and a project beside it. */
async function makeScene(): Promise<{ dir: string; root: string } & AsyncDisposable> {
  const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "guesthouse-find-" }));
  const root = join(dir, "guesthouse");
  await Deno.mkdir(join(root, "examples/hello-cmake"), { recursive: true });
  await Deno.mkdir(join(root, ".git"));
  await Deno.mkdir(join(dir, "project/.git"), { recursive: true });
  await Deno.mkdir(join(dir, "project/src/deep"), { recursive: true });
  await Deno.mkdir(join(dir, "plain"));
  return { dir, root, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

Deno.test("resolveProject() takes the git work tree around the caller, or else the sample", async () => {
  await using scene = await makeScene();
  const { dir, root } = scene;
  const from = (path: string) => resolveProject({ cwd: join(dir, path), root });
  const sample = join(root, "examples/hello-cmake");
  assertEquals(await from("project/src/deep"), join(dir, "project"));
  assertEquals(await from("project"), join(dir, "project"));
  assertEquals(await from("plain"), sample);
  assertEquals(await from("guesthouse"), sample);
  assertEquals(await from("guesthouse/examples"), sample);
  assertEquals(await from("gone"), sample);
});

Deno.test("resolveProject() knows linked work trees, where .git is a file", async () => {
  await using scene = await makeScene();
  await Deno.mkdir(join(scene.dir, "linked/sub"), { recursive: true });
  await Deno.writeTextFile(join(scene.dir, "linked/.git"), "gitdir: /elsewhere\n");
  assertEquals(
    await resolveProject({ cwd: join(scene.dir, "linked/sub"), root: scene.root }),
    join(scene.dir, "linked"),
  );
});

Deno.test("resolveProject() does not take the tree around a checkout for the project", async () => {
  await using scene = await makeScene();
  const { dir, root } = scene;
  // As in a home directory kept in git, or a checkout unpacked below another project.
  await Deno.remove(join(root, ".git"));
  await Deno.mkdir(join(dir, ".git"));
  await Deno.mkdir(join(root, "work/mine/.git"), { recursive: true });
  const from = (path: string) => resolveProject({ cwd: join(dir, path), root });
  assertEquals(await from("guesthouse"), join(root, "examples/hello-cmake"));
  assertEquals(await from("guesthouse/examples"), join(root, "examples/hello-cmake"));
  assertEquals(await from("guesthouse/work/mine"), join(root, "work/mine"));
  assertEquals(await from("plain"), dir);
});

Deno.test("resolveProject() takes a directory of any name", async () => {
  await using scene = await makeScene();
  for (const name of ["with space", "quo\"te's", "new\nline", "-dash", "é", "$HOME", "*"]) {
    const dir = join(scene.dir, "plain", name);
    await Deno.mkdir(dir);
    const cwd = join(scene.dir, "plain");
    assertEquals(await resolveProject({ projectFlag: name, cwd, root: scene.root }), dir);
    assertEquals(await resolveProject({ projectFlag: dir, cwd: "/", root: scene.root }), dir);
  }
});

Deno.test("resolveProject() follows a link to the real directory", async () => {
  await using scene = await makeScene();
  await Deno.symlink("project/src", join(scene.dir, "link"));
  assertEquals(
    await resolveProject({ projectFlag: "link", cwd: scene.dir, root: scene.root }),
    join(scene.dir, "project/src"),
  );
});

Deno.test("resolveProject() says why a directory cannot be used", async () => {
  await using scene = await makeScene();
  await Deno.writeTextFile(join(scene.dir, "file"), "");
  await Deno.symlink("loop", join(scene.dir, "loop"));
  const failure = async (projectFlag: string) =>
    formatError(
      await assertRejects(
        () => resolveProject({ projectFlag, cwd: scene.dir, root: scene.root }),
        UsageError,
      ),
    );
  assertEquals((await failure("new\nline")).replaceAll(scene.dir, "DIR").split("\n"), [
    'Cannot use project "new\\nline": there is no such directory',
    '  looked at: "DIR/new\\nline"',
    "  next: pass --project DIR with the directory of a project",
  ]);
  assertMatch(await failure("file"), /^Cannot use project "file": it is not a directory\n/);
  assertMatch(await failure(""), /^Cannot use project "": the path is empty\n/);
  assertMatch(
    await failure("loop"),
    /^Cannot use project "loop": Too many levels of symbolic links/,
  );
  assertMatch(await failure("file/x"), /^Cannot use project "file\/x": Not a directory/);
});
