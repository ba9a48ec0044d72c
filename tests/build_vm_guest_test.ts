// Boots real guests.
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { git } from "../lib/project/excludes_testing.ts";
import { makeSandbox } from "./support/harness.ts";
import { assertFailure, assertNoBug, documentOf } from "./support/outcome.ts";
import {
  assertLinked,
  linksProject,
  listTree,
  shellProject,
  writeProject,
} from "./support/projects.ts";

Deno.test("build-vm shows a compiler's error, exits with 1, and leaves the project as it is", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "broken", {
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.13)\nproject(b C)\nadd_executable(b b.c)\n",
    "b.c": "int main(void) { return undeclared_name; }\n",
  });
  const before = await listTree(project);
  const outcome = await box.task("build-vm", ["debian-amd64", "--project", project]);
  assertFailure(outcome, {
    exit: 1,
    says: ['Step "build" failed on debian-amd64', "undeclared_name"],
  });
  assertMatch(outcome.stdout, /error: .undeclared_name. undeclared/);
  assertEquals(await listTree(project), before);
  await box.assertClean();
});

Deno.test("build-vm takes a project whose path holds anything, symlink loops, and a repository that would run a program", async () => {
  await using box = await makeSandbox();
  const name = `-a "b' c\n$(touch x) é;#`;
  const project = await writeProject(box.dir, name, {
    ...shellProject({
      look:
        'test "$(cat "a b/it\'s")" = text && test -L loop && test ! -e .git && test ! -e build && ' +
        "test -e logs/kept && test ! -e x.gen && echo found",
      // What must not come home stays, and keeps nothing else there.
      link: 'cd "a b" && ln -s "it\'s" link && mkdir .git && touch .git/config',
    }, { artifacts: ["{source}/a b/*"] }),
    "a b/it's": "text",
    ".gitignore": "*.gen\n",
    "x.gen": "",
    "logs/kept": "only git knows that this belongs to the sources",
    "build/CMakeCache.txt": "",
  });
  await $`ln -s . ${join(project, "loop")}`;
  const mark = join(box.dir, "mark");
  const monitor = join(box.dir, "monitor");
  await Deno.writeTextFile(monitor, `#!/bin/sh\n: >'${mark}'\n`, { mode: 0o755 });
  await git(project, "init", "-q");
  await git(project, "add", "logs/kept");
  await git(project, "config", "core.fsmonitor", monitor);
  const before = await listTree(project);
  const artifacts = join(box.dir, "artifacts");
  const outcome = await box.task("build-vm", [
    ...["debian-amd64", "--json", "--artifacts", artifacts, `--project=${name}`],
  ], { cwd: box.dir });
  assertEquals(outcome.code, 0, outcome.stderr);
  const [row] = documentOf(outcome).platforms;
  assertStringIncludes(await Deno.readTextFile(row.log), "found");
  const home = join(artifacts, "debian-amd64/a b");
  assertEquals(row.artifacts, [join(home, "it's"), join(home, "link")]);
  assertMatch(outcome.stderr, /Not copied: "a b\/\.git\/config": it is part of a repository/);
  for (const path of row.artifacts) {
    assertEquals([(await Deno.lstat(path)).isFile, await Deno.readTextFile(path)], [true, "text"]);
  }
  await assertRejects(() => Deno.stat(mark), Deno.errors.NotFound);
  assertEquals(await listTree(project), before);
  await box.assertClean();
});

Deno.test("build-vm fails with 1 when a step fills the guest's disk, and says so", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(
    box.dir,
    "full",
    shellProject({
      // The free space is taken without writing it, so that the test is quick.
      fill: "fallocate -l 100G big 2>/dev/null; for size in 4G 1G 512M 128M 32M 8M 1M; do " +
        "while fallocate -l $size big.$size.$(ls | wc -l); do :; done; done 2>/dev/null; " +
        "head -c 4000000 /dev/urandom >last",
      // The first step runs in the build directory, which no step has made.
    }, { cwd: "{build}" }),
  );
  const outcome = await box.task("build-vm", ["debian-amd64", "--project", project]);
  assertFailure(outcome, { exit: 1, says: ['Step "fill" failed', "No space left on device"] });
  await box.assertClean();
});

Deno.test("build-vm brings what links among the artifacts lead to, and fails for one that is lost", async () => {
  await using box = await makeSandbox();
  const build = async (name: string, files: Record<string, string>) => {
    const project = await writeProject(box.dir, name, files);
    const out = join(box.dir, `out ${name}`);
    const args = ["debian-amd64", "--project", project, "--artifacts", out];
    return await box.task("build-vm", args);
  };
  const outcome = await build("linked", linksProject());
  assertEquals(outcome.code, 0, outcome.stderr);
  await assertLinked(join(box.dir, "out linked/debian-amd64"));
  assertStringIncludes(outcome.stderr, 'Not copied: "out/bad\ufffd": its name is not UTF-8');
  assertFailure(await build("lost", linksProject({ lost: true })), {
    exit: 1,
    says: [
      "Cannot copy artifacts from debian-amd64: a link leads nowhere, or out of the build and source",
      '/build/out/beyond" -> "/etc/hostname"\n',
      '/build/out/none" -> "none"\n',
    ],
  });
});

Deno.test("build-vm fails with 1 when two artifacts have one path", async () => {
  await using box = await makeSandbox();
  const steps = { two: 'touch report "$HOME/guesthouse/source/report"' };
  const artifacts = ["report", "{source}/report"];
  const files = shellProject(steps, { cwd: "{build}", artifacts });
  const project = await writeProject(box.dir, "two", files);
  const args = ["debian-amd64", "--project", project, "--artifacts", join(box.dir, "out")];
  assertFailure(await box.task("build-vm", args), {
    exit: 1,
    says: ["two have the same path", "/build/report\n", "/source/report\n"],
  });
});

Deno.test({
  name: "build-vm --shell-on-failure opens a shell in the guest, and still exits with 1",
  // The `script` of macOS takes other arguments.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using box = await makeSandbox();
    const project = await writeProject(
      box.dir,
      "shell",
      shellProject({ compile: "echo found >~/left; exit 7" }),
    );
    const task = box.start("build-vm", [
      ...["debian-amd64", "--project", project, "--shell-on-failure"],
    ], { terminal: true });
    await task.waitFor(/This is a shell in guest "debian-amd64"/);
    // What is typed appears as it is; only the shell's answer has the number. Ctrl-C is the
    // shell's own, and does not end the task.
    // A program of its own says that it is ready: Ctrl-C between bash's fork and exec is lost.
    await task.type("sh -c 'echo ready-$((1+1)); exec sleep 600'\n");
    await task.waitFor(/ready-2/);
    await task.type("\x03");
    // What is typed before the shell is back may be lost.
    await task.waitFor(/\^C[^]*ci@debian-amd64:~\$ /);
    await task.type('echo "$(hostname) $(cat left) marker-$((40+2))"; exit\n');
    const outcome = await task.outcome;
    assertMatch(outcome.stdout, /^debian-amd64 found marker-42\r$/m);
    assertEquals(outcome.code, 1, outcome.stdout);
    assertStringIncludes(outcome.stdout, 'Step "compile" failed on debian-amd64');
    assertNoBug(outcome);
    await box.assertClean();
  },
});

Deno.test("build-vm --keep leaves a guest up that vm-list, vm-run, vm-ssh and vm-stop know", async () => {
  await using box = await makeSandbox();
  // A server of one step serves the next ones, and no longer. It prints to that step's output.
  const serve = "setsid sh -c 'while echo serving; do sleep 1; done' serve777 &";
  const look = "pgrep -f 'serve[7]77'";
  const files = shellProject({ leave: "echo mark >~/mark", serve, use: `sleep 5; ${look}` });
  const project = await writeProject(box.dir, "kept", files);
  const built = await box.task("build-vm", ["debian-amd64", "--keep", "--project", project]);
  assertEquals(built.code, 0, built.stderr);
  assertStringIncludes(built.stderr, "connect: deno task vm-ssh debian-amd64");
  const listed = await box.task("vm-list", ["--json"]);
  const [guest] = documentOf(listed).guests;
  assertEquals([guest.platform, guest.kept, guest.project], ["debian-amd64", true, project]);

  const cat = await box.task("vm-run", ["debian-amd64", "--", "cat", "mark"]);
  assertEquals([cat.code, cat.stdout], [0, "mark\n"]);
  const left = await box.task("vm-run", ["debian-amd64", "--", "sh", "-c", look]);
  assertEquals([left.code, left.stdout], [1, ""], left.stderr);
  const status = await box.task("vm-ssh", ["debian-amd64", "--", "sh", "-c", "exit 42"]);
  assertEquals(status.code, 42, status.stderr);
  const charmap = await box.task("vm-ssh", ["debian-amd64", "--", "locale", "charmap"]);
  assertEquals([charmap.code, charmap.stdout], [0, "UTF-8\n"], charmap.stderr);
  const env = { TERM: "xterm-kitty" };
  const person = box.start("vm-ssh", ["debian-amd64"], { terminal: true, env });
  await person.type('tput clear && echo "<$TERM>"; exit\n');
  await person.waitFor(/<xterm-256color>/);
  assertEquals((await person.outcome).code, 0);
  const shell = "255 is a status too";
  const status255 = await box.task("vm-run", [
    "debian-amd64",
    "--",
    "sh",
    "-c",
    `exit 255 # ${shell}`,
  ]);
  assertEquals(status255.code, 255, status255.stderr);
  const late = await box.task("vm-run", ["debian-amd64", "--timeout", "2", "--", "sleep", "60"]);
  assertFailure(late, { exit: 4, says: ["no end within 2 s", "next: pass a longer --timeout"] });

  // What is given up ends in the guest, too, sessions of its own included; others' commands do not.
  const inGuest = async (...argv: string[]) =>
    (await box.task("vm-run", ["debian-amd64", "--", ...argv])).stdout.trim();
  assertEquals(await inGuest("pgrep", "-x", "sleep"), "");
  await inGuest("sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 &");
  const stops = ["sh", "-c", "setsid sleep 60 & echo began; wait"];
  const running = box.start("vm-ssh", ["debian-amd64", "--", ...stops]);
  await running.waitFor(/began/);
  running.signal("SIGINT");
  assertEquals((await running.outcome).code, 130);
  assertMatch(await inGuest("pgrep", "-x", "-a", "sleep"), /^\d+ sleep 1000$/);

  // As after a sleep of the host.
  await inGuest("sudo", "date", "-s", "@1700000000");
  const seconds = Number(await inGuest("date", "+%s"));
  assert(Math.abs(seconds - Date.now() / 1000) < 60, `the guest's clock says ${seconds}`);

  // Each connection to it has a proxy of its own.
  const ask = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/${http_proxy##*:}; " +
    'printf "GET http://localhost/ HTTP/1.1\\r\\n\\r\\n" >&3; cat <&3; echo $http_proxy\'; exit 3';
  const refused = "refused by the network rule: localhost:80 (127.0.0.1 is a loopback address)";
  const asking = ["vm-run", "vm-ssh"].map((task) =>
    box.task(task, ["debian-amd64", "--", "sh", "-c", ask])
  );
  const ports: string[] = [];
  for (const { code, stdout, stderr } of await Promise.all(asking)) {
    assertEquals(code, 3, stderr);
    // The guest is not told which address.
    const told =
      "guesthouse: refused by the network rule: localhost:80 (its address is not public)";
    assertStringIncludes(stdout, told);
    assertStringIncludes(stderr, `warning: ${refused}`);
    ports.push(/^http:\/\/127\.0\.0\.1:\d+$/m.exec(stdout)![0]);
  }
  assertEquals(new Set(ports).size, 2);
  const other = await box.task("vm-run", ["debian-amd64", "--network", "open", "--", "true"]);
  assertFailure(other, {
    exit: 2,
    says: ["that is up has internet", "next: pass --fresh to start another guest"],
  });

  const stopped = await box.task("vm-stop", ["debian-amd64", "--json"]);
  assertEquals(documentOf(stopped).stopped[0].how, "powerdown");
  assertEquals(documentOf(await box.task("vm-list", ["--json"])).guests, []);
  const gone = await box.task("vm-ssh", ["debian-amd64"]);
  assertFailure(gone, {
    exit: 4,
    says: ["none was left running", "next: deno task build-vm debian-amd64 --keep"],
  });
  await box.assertClean();
});

Deno.test("vm-run passes arguments, output and status through a guest of its own", async () => {
  await using box = await makeSandbox();
  const script = 'printf "%s|" "$@"; echo err >&2; uname -m; sudo -n id -u; exit 7';
  const words = ["a b", "it's", 'say "x"', "$(id)", "", "*", "--flag", "new\nline"];
  const outcome = await box.task("vm-run", [
    "debian-arm64",
    "--",
    "sh",
    "-c",
    script,
    "sh",
    ...words,
  ]);
  assertEquals(outcome.code, 7, outcome.stderr);
  assertEquals(outcome.stdout, `${words.map((word) => `${word}|`).join("")}aarch64\n0\n`);
  assertStringIncludes(outcome.stderr, "err\n");
  assertNoBug(outcome);
  await box.assertClean();
});
