// How tasks answer their command line. Starts no guest.
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { UsageError } from "../lib/base/errors.ts";
import { loadSpecs } from "../lib/cli/load_specs.ts";
import { parseArguments } from "../lib/cli/parse.ts";
import { DEFAULT_EXCLUDES } from "../lib/project/default_excludes.ts";
import { DEV_GROUP } from "../lib/dev/dev_options.ts";
import { root } from "../lib/base/files/paths.ts";
import { makeSandbox } from "./support/harness.ts";
import { assertFailure, assertNoBug, documentOf, type FailureDocument } from "./support/outcome.ts";
import { listTree } from "./support/projects.ts";

const specs = await loadSpecs(join(root, "tasks"));
const config = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
const taskNames = Object.keys(config.tasks);

/** Runs work on all items, a few at a time: a task takes a tenth of a second, mostly waiting. */
async function forAll<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all([worker(), worker(), worker()]);
}

Deno.test("every task answers --help with a summary, usage and examples, on stdout only", async () => {
  await using box = await makeSandbox();
  await forAll(specs, async ({ name, summary }) => {
    const { code, stdout, stderr } = await box.task(name, ["--help"]);
    assertEquals([code, stderr], [0, ""], name);
    assert(stdout.startsWith(`${name}: ${summary}\n\nusage: deno task ${name}`), stdout);
    assertMatch(stdout, /^Options:$/m);
    assertMatch(stdout, /^Exit status:$/m);
    assertMatch(stdout, new RegExp(`^Examples:\\n {2}.+:\\n {4}.*deno task .*${name}`, "m"));
    assert(stdout.split("\n").every((line) => line.length <= 100), `${name}: a line is too long`);
  });
});

Deno.test("every task refuses an unknown option with status 2 and names the nearest", async () => {
  await using box = await makeSandbox();
  await forAll(specs, async ({ name }) => {
    const outcome = await box.task(name, ["--hlep"]);
    assertFailure(outcome, {
      exit: 2,
      says: [
        `Cannot run "${name}": `,
        'unknown option "--hlep", did you mean "--help"?\n',
        `  usage: deno task ${name} [options]`,
        `  next: deno task ${name} --help\n`,
      ],
    });
    assertEquals(outcome.stdout, "");
  });
});

const wrongPlatforms = [
  { args: ["build-vm", "debian-amd46"], near: "debian-amd64" },
  { args: ["build-vm", "freebds-amd64"], near: "freebsd-amd64" },
  { args: ["build-all", "native", "debian-arm46"], near: "debian-arm64" },
  { args: ["build-all", "natvie"], near: "native" },
  { args: ["setup-images", "debian-arn64"], near: "debian-arm64" },
  { args: ["vm-run", "debain-amd64", "--", "true"], near: "debian-amd64" },
  { args: ["vm-ssh", "debian-am64"], near: "debian-amd64" },
  { args: ["vm-stop", "debian-amd64", "debian-arm46"], near: "debian-arm64" },
];

Deno.test("an unknown platform ends a task with status 2 and the nearest name", async () => {
  await using box = await makeSandbox();
  await forAll(wrongPlatforms, async ({ args: [name = "", ...args], near }) => {
    assertFailure(await box.task(name, args), {
      exit: 2,
      says: [`Cannot run "${name}": unknown PLATFORM "`, `did you mean "${near}"?`, "usage: "],
    });
  });
});

Deno.test("an unknown platform without a near name gets the list of all", async () => {
  await using box = await makeSandbox();
  assertFailure(await box.task("build-vm", ["plan9"]), {
    exit: 2,
    says: [
      'Cannot run "build-vm": unknown PLATFORM "plan9"\n',
      "  PLATFORM is one of debian-amd64, debian-arm64",
    ],
  });
});

Deno.test("all faults of a command line are reported at once", async () => {
  await using box = await makeSandbox();
  const args = ["debian-amd64", "--memory", "lots", "--cores=0", "--accel", "kvn"];
  assertFailure(await box.task("build-vm", args), {
    exit: 2,
    says: [
      'Cannot run "build-vm": 3 faults in its arguments\n',
      '  unknown --accel "kvn", did you mean "kvm"?\n',
      '  --memory must be a whole number of MiB, 128 or more, found "lots"\n',
      '  --cores must be a whole number from 1 to 256, found "0"\n',
    ],
  });
});

const missing = [
  { args: ["build-vm"], says: "missing argument PLATFORM" },
  { args: ["vm-run", "debian-amd64"], says: "missing argument -- CMD" },
  { args: ["vm-run", "debian-amd64", "uname", "-a"], says: 'CMD goes after "--"' },
  { args: ["build-native", "--project"], says: "--project needs a value: --project DIR" },
  { args: ["build-native", "extra"], says: 'unexpected argument "extra"' },
];

Deno.test("a missing or superfluous argument ends a task with status 2", async () => {
  await using box = await makeSandbox();
  await forAll(missing, async ({ args: [name = "", ...args], says }) => {
    assertFailure(await box.task(name, args), {
      exit: 2,
      says: [`Cannot run "${name}": `, says, "next: "],
    });
  });
});

Deno.test("with --json a wrong command line gives one JSON document that holds the fault", async () => {
  await using box = await makeSandbox();
  const withJson = specs.filter(({ omit }) => !omit?.includes("json"));
  assert(withJson.length >= 5);
  await forAll(withJson, async ({ name }) => {
    const outcome = await box.task(name, ["--json", "--hlep"]);
    const { ok, error } = documentOf<FailureDocument>(outcome);
    assertEquals([outcome.code, ok, error.exit], [2, false, 2], name);
    assertStringIncludes(error.message, 'unknown option "--hlep", did you mean "--help"?');
    assertEquals(error.next, `deno task ${name} --help`);
    assertStringIncludes(outcome.stderr, error.message);
    assertNoBug(outcome);
  });
});

const wrongPages = [
  { file: "", says: 'Cannot write a page to "": the path is empty\n' },
  { file: "/etc/page.html", says: "the permission set of this task does not include it\n" },
  { file: "{box}", says: "it is a directory\n" },
  { file: "{box}/new/", says: "it is a directory\n" },
  { file: "{box}/file/page.html", says: "a part of its path is not a directory\n" },
  { file: `{box}/${"x".repeat(250)}.html`, says: "File name too long" },
];

Deno.test("--html checks first that its file can be written", async () => {
  await using box = await makeSandbox();
  await Deno.writeTextFile(join(box.dir, "file"), "");
  const before = await listTree(box.dir);
  for (const name of ["build-all", "bench"]) {
    await forAll(wrongPages, async ({ file, says }) => {
      const outcome = await box.task(name, ["--html", file.replace("{box}", box.dir)]);
      assertFailure(outcome, {
        exit: 2,
        says: ["Cannot write a page to ", says, "  looked at: /", "  next: name a file below "],
      });
      assertEquals(outcome.stdout, "");
    });
  }
  assertEquals(await listTree(box.dir), before);
});

Deno.test("--html is relative to the caller's directory, and --dry-run writes nothing", async () => {
  await using box = await makeSandbox();
  const args = ["native", "--dry-run", "--html", "sub/page.html"];
  const { code, stderr } = await box.task("build-all", args, { cwd: box.dir });
  assertEquals(code, 0, stderr);
  assertEquals(await Deno.stat(join(box.dir, "sub")).catch(() => undefined), undefined);
});

Deno.test("--quiet and --verbose exclude each other", async () => {
  await using box = await makeSandbox();
  assertFailure(await box.task("vm-list", ["-qv"]), {
    exit: 2,
    says: ["--quiet and --verbose exclude each other"],
  });
});

Deno.test("vm-list of a checkout without guests is empty, in both forms", async () => {
  await using box = await makeSandbox();
  const plain = await box.task("vm-list");
  assertEquals([plain.code, plain.stdout], [0, ""]);
  assertMatch(plain.stderr, /^No guest is running\. .*build-vm PLATFORM --keep$/m);
  const json = await box.task("vm-list", ["--json"]);
  assertEquals(documentOf(json), { ok: true, guests: [] });
});

Deno.test("vm-ssh and vm-stop say how to get a guest when none was kept", async () => {
  await using box = await makeSandbox();
  for (const name of ["vm-ssh", "vm-stop"]) {
    const outcome = await box.task(name, ["debian-amd64"]);
    assert([2, 3, 4].includes(outcome.code), `${name}: status ${outcome.code}`);
    assertStringIncludes(outcome.stderr, "next: deno task build-vm debian-amd64 --keep");
    assertNoBug(outcome);
  }
});

Deno.test("each task is described in deno.json, and each spec has its task", () => {
  for (const name of taskNames) {
    assertMatch(config.tasks[name].description ?? "", /^[A-Z].{15,}[^.]$/, name);
  }
  assertEquals(specs.map(({ name }) => name).filter((name) => !taskNames.includes(name)), []);
});

Deno.test("no task runs with all permissions, and each names a permission set that exists", () => {
  for (const [name, { command }] of Object.entries<{ command: string }>(config.tasks)) {
    assert(!/ (-A|--allow-all)\b/.test(command), name);
    const set = /^deno (?:run|test) .*-P=(\S+)/.exec(command)?.[1];
    assert(set === undefined ? name === "ok" : set in config.permissions, name);
  }
});

Deno.test("a task may read each variable that sets the default of one of its options", () => {
  let checked = 0;
  for (const { name, options = [] } of specs) {
    const set = /-P=(\S+)/.exec(config.tasks[name].command)?.[1] ?? "";
    for (const { env } of options) {
      if (env === undefined) continue;
      const names = config.permissions[set].env;
      assert(names === true || names.includes(env), `${name}: ${env} is not in ${set}`);
      checked++;
    }
  }
  assert(checked > 0);
});

Deno.test("GUESTHOUSE_ACCEL is checked like --accel, and --help shows it", async () => {
  await using box = await makeSandbox();
  const env = { GUESTHOUSE_ACCEL: "kvn" };
  assertFailure(await box.task("vm-run", ["debian-amd64", "--", "true"], { env }), {
    exit: 2,
    says: ['Cannot run "vm-run": unknown GUESTHOUSE_ACCEL "kvn", did you mean "kvm"?'],
  });
  const { code, stdout } = await box.task("vm-run", ["--help"], { env });
  assertEquals(code, 0);
  assertStringIncludes(stdout, "  GUESTHOUSE_ACCEL  the default of --accel\n");
});

const conflicts = [
  {
    args: ["build-vm", "debian-amd64", "--keep", "--incremental"],
    says: "--keep and --incremental exclude each other: the guest would keep the cache",
  },
  {
    args: ["clean", "--all", "--project", root],
    says: "--project and --all exclude each other: --all means every project",
  },
  { args: ["ci-diagnose", "--run", "7", "a.log"], says: "LOG and --run exclude each other" },
  { args: ["vm-stop", "debian-amd64", "--all"], says: "PLATFORM and --all exclude each other" },
  { args: ["test", "a_test.ts", "--shard=1/2"], says: "FILE and --shard exclude each other" },
  { args: ["test", "a_test.ts", "--changed=x"], says: "FILE and --changed exclude each other" },
  {
    args: ["vm-run", "raw", "--eval", "1", "--", "true"],
    says: "--eval and -- CMD exclude each other: each says what to run",
  },
  {
    args: ["vm-run", "debian-amd64", "--kernel=micro", "--", "true"],
    says: '--kernel is only for raw, python, node, not for "debian-amd64"',
  },
  { args: ["vm-run", "raw"], says: "missing argument -- CMD, or --eval" },
  { args: ["vm-stop"], says: "missing argument PLATFORM, or --all" },
  { args: ["completion"], says: "missing argument SHELL, or --list" },
];

Deno.test("each task refuses conflicting and missing arguments", async () => {
  for (const { args: [name, ...args], says } of conflicts) {
    const spec = specs.find((known) => known.name === name);
    assert(spec !== undefined);
    const { message } = await assertRejects(() => parseArguments(spec, args, () => ""), UsageError);
    assertEquals(message, `Cannot run "${name}": ${says}`);
  }
});

/** The documents that users read, by path relative to the checkout. */
async function readDocuments(): Promise<Map<string, string>> {
  const names = ["README.md", "justfile"];
  for await (const { name } of Deno.readDir(join(root, "docs"))) names.push(`docs/${name}`);
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await Deno.readTextFile(join(root, name))] as const),
    ),
  );
}

Deno.test("documents name only tasks and options that exist", async () => {
  const seen = new Set<string>();
  for (const [file, text] of await readDocuments()) {
    const commands = text.matchAll(
      /\bdeno(?:@[\d.]+)? task(?: --quiet)?(?: --config \{\{ config \}\})? ([a-z][\w-]*)([^`|#\n]*)/g,
    );
    for (const [command, name = "", rest = ""] of commands) {
      assert(taskNames.includes(name), `${file}: there is no such task: ${command}`);
      seen.add(name);
      const spec = specs.find((spec) => spec.name === name);
      const common = ["json", "dry-run", "yes", "quiet", "verbose", "help"];
      const known = [...common, ...spec?.options?.map(({ name }) => name) ?? []];
      const own = rest.split(" -- ")[0] ?? "";
      for (const [, option = ""] of own.matchAll(/ --([a-z][a-z-]*)/g)) {
        assert(known.includes(option), `${file}: --${option} is no option of ${name}: ${command}`);
        seen.add(option);
      }
    }
  }
  for (const name of ["build-all", "arm-dev-init", "gc", "keep", "force"]) {
    assert(seen.has(name), `no document names ${name}, or none is read`);
  }
});

Deno.test("links between documents lead to files that exist", async () => {
  let links = 0;
  for (const [file, text] of await readDocuments()) {
    for (const [, target = ""] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (target.startsWith("https://")) continue;
      const path = join(root, file, "..", target);
      assert(await Deno.stat(path).then(() => true, () => false), `${file}: no file ${target}`);
      links++;
    }
  }
  assert(links > 20, `found only ${links} links`);
});

Deno.test("the README opens with its two commands and lists every default exclude", async () => {
  const text = await Deno.readTextFile(join(root, "README.md"));
  assertMatch(
    text,
    /^ {4}npx -y deno@2\.9\.6 task build-all --yes {5}# .+\n {4}npx -y deno@2\.9\.6 task test --yes {10}# .+$/m,
  );
  for (const { pattern } of DEFAULT_EXCLUDES) assertStringIncludes(text, `\`${pattern}\``);
});

Deno.test("the justfile has a recipe for every task of the dev guest, which passes all words on", async () => {
  const text = await Deno.readTextFile(join(root, "justfile"));
  const wanted = specs.filter(({ group }) => group === DEV_GROUP);
  assert(wanted.length >= 10);
  for (const { name } of wanted) {
    const body = text.split(`\n[no-cd]\n[no-exit-message]\n${name} *`)[1]?.split("\n\n")[0];
    assertMatch(
      body ?? "no recipe",
      new RegExp(`deno task --quiet --config {{ config }} ${name} "\\$@"\n?$`),
      name,
    );
  }
});
