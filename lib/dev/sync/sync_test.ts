import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { UsageError, WorkError } from "../../base/errors.ts";
import { $ } from "../../base/process/dollar.ts";
import { run } from "../../base/process/run.ts";
import { prepareSync } from "./sync.ts";
import { namesIn, read, sync, withLoopback, write } from "./sync_testing.ts";

Deno.test("prepareSync() copies both ways, and then finds both sides equal", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    await write(hostDir, { "src/a b.c": "a", "-x\nü": "odd", ".gitignore": "target/\n" });
    await Deno.chmod(join(hostDir, "src/a b.c"), 0o755);
    await Deno.symlink("src", join(hostDir, "link"));
    await write(guestDir, { "out/log": "from the guest", "target/big.o": "never copied" });
    assertEquals((await sync(options)).lines, [
      ...["to the guest: 4", "  -x\\nü", "  .gitignore", "  link", "  src/a b.c"],
      ...["to the host: 1", "  out/log"],
    ]);
    assertEquals(await read(guestDir, "-x\nü"), "odd");
    assertEquals((await Deno.stat(join(guestDir, "src/a b.c"))).mode! & 0o111, 0o111);
    assertEquals(await Deno.readLink(join(guestDir, "link")), "src");
    assertEquals(await read(hostDir, "out/log"), "from the guest");
    assertEquals(await read(hostDir, "target/big.o"), undefined);
    assertEquals((await sync(options)).lines, ["both sides are equal"]);
  });
});

Deno.test("prepareSync() copies what git tracks, whatever it looks like, and no more than a build gets", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    const tracked = [
      "images/logo.txt",
      "logs/sample.log",
      "kept/x.log",
      "vendor/blob.o",
      "src/a.c",
    ];
    await write(hostDir, Object.fromEntries(tracked.map((path) => [path, path])));
    await write(hostDir, { ".gitignore": "*.log\nkept/\n/own/\n", "src/b.log": "ignored" });
    await write(hostDir, { "guesthouse.json": '{ "excludes": ["/fonts/"] }', "fonts/big": "f" });
    const git = $.with({ cwd: hostDir, environment: "user" });
    await git`git init -q`;
    await git`git add -f .gitignore guesthouse.json ${tracked}`;
    await git`git -c user.name=a -c user.email=a@b commit -qm x`;
    // Which leaves no file in `.git/refs`.
    await git`git pack-refs --all`;
    await write(guestDir, { "src/c.log": "i", "kept/y": "i", "own/z": "i", "fonts/small": "i" });
    await write(guestDir, { "images/new": "of the guest", "build/x.o": "i" });
    const { plan, run } = await prepareSync(options);
    assertEquals(plan.push.filter((path) => !path.startsWith(".git/")), [
      ".gitignore",
      "guesthouse.json",
      ...tracked.toSorted(),
    ]);
    assertEquals([plan.pull, plan.conflicts], [["images/new"], []]);
    await run();
    const status = await git`git --no-optional-locks status --short`.cwd(guestDir).text();
    assertEquals(status, "?? build/\n?? fonts/\n?? images/new");
    assertEquals((await sync(options)).lines, ["both sides are equal"]);
  });
});

Deno.test("prepareSync() copies nothing while guesthouse.json does not say what is excluded", async () => {
  await withLoopback(async (options) => {
    await write(options.hostDir, { "guesthouse.json": '{ "excludes": "x" }' });
    await assertRejects(() => prepareSync(options), UsageError, "guesthouse.json");
    assertEquals(await namesIn(options.guestDir), []);
  });
});

Deno.test("prepareSync() deletes nothing on the host, and keeps what it overwrites", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    await write(hostDir, { a: "a", b: "b", c: "c", d: "d" });
    await sync(options);
    await Deno.remove(join(hostDir, "a"));
    await Deno.remove(join(guestDir, "b"));
    await write(guestDir, { c: "c of the guest", d: "d of the guest" });
    await write(hostDir, { d: "d of the host" });
    const { lines, backup } = await sync(options);
    assertEquals(lines, [
      ...["to the host: 1", "  c", "removed from the guest: 1", "  a"],
      ...["back to the guest, which had removed them: 1", "  b"],
      ...["changed on both sides, left alone: 1", "  d"],
    ]);
    assertEquals(await read(backup ?? "", "c"), "c");
    assertEquals(await read(guestDir, "a"), undefined);
    const after = await Promise.all(["b", "c", "d"].map((path) => read(hostDir, path)));
    assertEquals(after, ["b", "c of the guest", "d of the host"]);
    assertEquals(await read(guestDir, "d"), "d of the guest");
    assertEquals((await sync(options)).lines, ["changed on both sides, left alone: 1", "  d"]);
  });
});

Deno.test("prepareSync() copies the rest if a name is not UTF-8, and says so", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    await write(hostDir, { a: "a" });
    await write(guestDir, { b: "b" });
    for (const dir of [hostDir, guestDir]) {
      await run(["sh", "-c", 'printf g >"$(printf "gbad-\\377")"'], { cwd: dir });
    }
    const warnings: string[] = [];
    const onWarning = (text: string) => void warnings.push(text);
    const copied = ["to the guest: 1", "  a", "to the host: 1", "  b"];
    assertEquals((await sync({ ...options, onWarning })).lines, copied);
    assertEquals(
      warnings.filter((text) => text.startsWith("Not copied")),
      ["on the host", "in the guest"].map((where) =>
        `Not copied, as its name is not UTF-8: "gbad-\ufffd" ${where}`
      ),
    );
    assertEquals((await sync(options)).lines, ["both sides are equal"]);
  });
});

Deno.test("prepareSync() names files with times in the future, and how to change them", async () => {
  await withLoopback(async (options) => {
    await write(options.hostDir, { late: "", now: "" });
    await Deno.utime(join(options.hostDir, "late"), 4e9, 4e9);
    const warnings: string[] = [];
    await sync({ ...options, onWarning: (text) => void warnings.push(text) });
    const [warning] = warnings.filter((text) => text.includes("future"));
    assertStringIncludes(warning ?? "", '"late". Run: find ');
    const { lines } = await sync(options);
    assertEquals(lines, ["both sides are equal"]);
  });
});

Deno.test("prepareSync() gives the guest the repository, and takes no part of it back", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    // The name of a branch may be one that is left out elsewhere.
    await write(hostDir, { ".git/refs/heads/build/x": "1", ".git/index": "i", "build/x.o": "" });
    await sync(options);
    assertEquals(await read(guestDir, ".git/refs/heads/build/x"), "1");
    assertEquals(await read(guestDir, "build/x.o"), undefined);
    await write(guestDir, { ".git/refs/heads/build/x": "2", ".git/index": "of the guest" });
    await write(hostDir, { ".git/index": "of the host" });
    assertEquals((await sync(options)).lines, [
      ...["to the guest: 1", "  .git/index"],
      ...["changed in the guest, left there: 1", "  .git/refs/heads/build/x"],
    ]);
    assertEquals(await read(hostDir, ".git/refs/heads/build/x"), "1");
    assertEquals(await read(guestDir, ".git/index"), "of the host");
  });
});

Deno.test("prepareSync() writes nothing until it is run", async () => {
  await withLoopback(async (options) => {
    await write(options.hostDir, { a: "a" });
    await write(options.guestDir, { b: "b" });
    const { plan } = await prepareSync(options);
    assertEquals([plan.push, plan.pull], [["a"], ["b"]]);
    assertEquals([await read(options.guestDir, "a"), await read(options.hostDir, "b")], [
      undefined,
      undefined,
    ]);
    assertEquals(await Array.fromAsync(Deno.readDir(options.stateDir)), []);
  });
});

Deno.test("prepareSync() follows no link out of the host's directory", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir, stateDir } = options;
    await Deno.symlink(stateDir, join(hostDir, "way"));
    await write(guestDir, { "way/planted": "x" });
    await Deno.symlink("/etc/passwd", join(guestDir, "secret"));
    for (const round of ["first", "second"]) {
      assertEquals((await sync(options)).lines, [
        ...["changed on both sides, left alone: 2", "  way", "  way/planted"],
        ...["changed in the guest, left there: 1", "  secret"],
      ], round);
      assertEquals(await namesIn(stateDir), ["sync.json"]);
      assertEquals(await namesIn(hostDir), ["way"]);
      assertEquals((await Deno.lstat(join(hostDir, "way"))).isSymlink, true);
      assertEquals(await Deno.readLink(join(guestDir, "secret")), "/etc/passwd");
    }
    // What the host has under that name by then does not replace it.
    await write(hostDir, { secret: "of the host" });
    const { lines } = await sync(options);
    assertEquals(lines, [
      ...["changed on both sides, left alone: 3", "  secret", "  way", "  way/planted"],
    ]);
    assertEquals(await Deno.readLink(join(guestDir, "secret")), "/etc/passwd");
  });
});

Deno.test("prepareSync() sends links that lead out of the host's directory, and keeps them", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    await Deno.symlink("/nix/store/x", join(hostDir, "result"));
    assertEquals((await sync(options)).lines, ["to the guest: 1", "  result"]);
    assertEquals(await Deno.readLink(join(guestDir, "result")), "/nix/store/x");
    assertEquals((await sync(options)).lines, ["both sides are equal"]);
  });
});

/** All texts of up to so many of these words. */
const sentences = (words: readonly string[], most: number): string[] =>
  most === 0
    ? [""]
    : ["", ...words].flatMap((word) => sentences(words, most - 1).map((rest) => word + rest));

Deno.test("prepareSync() only plans to bring links that rsync brings", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    const targets = new Set(sentences(["../", "./", "a/", "/", "..", "a"], 3));
    targets.delete("");
    for (const dir of ["", "d/", "d/e/"]) {
      await Deno.mkdir(join(guestDir, dir), { recursive: true });
      let count = 0;
      for (const target of targets) {
        await Deno.symlink(target, join(guestDir, dir, `link${count++}`));
      }
    }
    const { plan, run } = await prepareSync(options);
    await run();
    const missing: string[] = [];
    for (const path of plan.pull) {
      const here = await Deno.readLink(join(hostDir, path)).catch(() => undefined);
      const there = await Deno.readLink(join(guestDir, path));
      if (here !== there) missing.push(`${path} -> ${there}`);
    }
    assertEquals(missing, []);
    assertEquals([plan.pull.length > 100, plan.guestOnly.length > 100], [true, true]);
  });
});

Deno.test("prepareSync() tries again to bring what failed to arrive", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    const link = join(guestDir, "link");
    await Deno.symlink("target", link);
    const { plan, run } = await prepareSync(options);
    assertEquals(plan.pull, ["link"]);
    // Meanwhile it is one that rsync leaves out without a word.
    await Deno.remove(link);
    await Deno.symlink("/target", link);
    await run();
    assertEquals(await namesIn(hostDir), []);
    await Deno.remove(link);
    await Deno.symlink("target", link);
    assertEquals((await sync(options)).lines, ["to the host: 1", "  link"]);
    assertEquals(await Deno.readLink(join(hostDir, "link")), "target");
  });
});

Deno.test("prepareSync() brings nothing home from which git would run programs", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir, stateDir } = options;
    await write(hostDir, { "fixtures/r.git/HEAD": "ref: refs/heads/x", ".git/config": "" });
    await write(hostDir, { "fixtures/r.git/refs/x": "", "fixtures/r.git/objects/x": "" });
    await sync(options);
    const names = [".GIT", ".git ", ".git.", "git~1", ".git::$INDEX_ALLOCATION", ".g\u200cit"];
    for (const name of names) {
      await write(guestDir, { [`sub/${name}/config`]: "[core]\nfsmonitor = touch /tmp/mark" });
    }
    await write(guestDir, { "new/HEAD": "", "new/refs/x": "", "new/objects/x": "", "new/a": "" });
    await write(guestDir, { "fixtures/r.git/config": "[core]", "fixtures/a": "a" });
    await Deno.symlink(".git/hooks", join(guestDir, "hooks"));
    const before = await namesIn(hostDir);
    const { plan, run } = await prepareSync(options);
    await run();
    assertEquals(plan.pull, ["fixtures/a"]);
    assertEquals(
      plan.guestOnly,
      [
        ...["fixtures/r.git/config", "hooks", "new/HEAD", "new/a", "new/objects/x", "new/refs/x"],
        ...names.map((name) => `sub/${name}/config`),
      ].sort(),
    );
    assertEquals(await namesIn(hostDir), before);
    assertEquals(await namesIn(join(hostDir, "fixtures/r.git")), ["HEAD", "objects", "refs"]);
    assertEquals(await namesIn(stateDir), ["sync.json"]);
  });
});

Deno.test("prepareSync() brings the others home if one file has disappeared meanwhile", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    await write(guestDir, { a: "a", b: "b", c: "c" });
    const { plan, run } = await prepareSync(options);
    await Deno.remove(join(guestDir, "b"));
    await assertRejects(run, WorkError, "some files could not be copied");
    assertEquals(plan.pull, ["a", "b", "c"]);
    assertEquals(await namesIn(hostDir), ["a", "c"]);
  });
});

Deno.test("prepareSync() inspects what has arrived, not what the guest announced", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir, stateDir } = options;
    await write(hostDir, { "kept/x": "of the host" });
    await sync(options);
    await write(guestDir, { a: "a", "d/e": "e", pipe: "p", "kept/x": "of the guest" });
    const { plan, run: runPlan } = await prepareSync(options);
    assertEquals(plan.pull, ["a", "d/e", "kept/x", "pipe"]);
    const swap =
      'rm -r a d pipe kept; ln -s .git a; ln -s "$0" d; touch "$0/e"; mkfifo pipe; ln -s "$0" kept';
    const { code } = await $`sh -euc ${swap} ${stateDir}`.cwd(guestDir).noThrow();
    assertEquals(code, 0);
    // A copy that could not be whole may be told of; what counts is what it does not do.
    await runPlan().catch((error) => {
      if (!(error instanceof WorkError)) throw error;
    });
    // The guest's rsync follows its own link to a directory; it comes as a directory.
    assertEquals(await namesIn(hostDir), ["d", "kept"]);
    assertEquals((await Deno.lstat(join(hostDir, "d"))).isDirectory, true);
    assertEquals(await read(hostDir, "kept/x"), "of the host");
    assertEquals(await namesIn(stateDir), ["e", "sync.json"]);
  });
});
