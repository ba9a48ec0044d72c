// The pages that --html writes: builds on the host, and measurements of tasks. Starts no guest.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { makeSandbox, type Sandbox } from "./support/harness.ts";
import { assertFailure, documentOf } from "./support/outcome.ts";

/** A project of these steps, each a script of the shell. */
async function stepsProject(box: Sandbox, scripts: Readonly<Record<string, string>>) {
  const dir = join(box.dir, "project");
  await Deno.mkdir(dir);
  const steps = Object.entries(scripts)
    .map(([name, script]) => ({ name, run: ["sh", "-c", script], cwd: "{build}" }));
  const config = { name: "stepped", steps: { default: steps }, artifacts: ["made"] };
  await Deno.writeTextFile(join(dir, "guesthouse.json"), JSON.stringify(config));
  return dir;
}

const build = (box: Sandbox, dir: string, args: readonly string[]) =>
  box.task(
    "build-all",
    ["native", "--project", dir, "--artifacts", join(box.dir, "out"), ...args],
    {
      cwd: box.dir,
    },
  );

/** Seconds from the first figure of the table's row of a phase to its second. */
function figuresOf(page: string, phase: string): [number, number] {
  const row = new RegExp(
    `<td><bdi>${phase}</bdi></td><td class="number">(.+?)</td>` +
      '<td class="number">(.+?)</td>',
  ).exec(page);
  assert(row !== null, `no figures of ${phase}:\n${page}`);
  return [Number(row[1]), Number(row[2])];
}

Deno.test("build-all --html writes the phases of a build, also with --json", async () => {
  await using box = await makeSandbox();
  const dir = await stepsProject(box, { first: "sleep 0.5", second: "touch made" });
  const outcome = await build(box, dir, ["--json", "--html", "new/dir/page.html"]);
  assertEquals(outcome.code, 0, outcome.stderr);
  assertEquals(documentOf(outcome).ok, true);
  const path = join(box.dir, "new/dir/page.html");
  assertStringIncludes(outcome.stderr, `The page is ${path}\n`);
  const page = await Deno.readTextFile(path);
  assertStringIncludes(page, "<title>Builds of stepped: 1 of 1 passed</title>");
  const [[from, to], [next]] = [figuresOf(page, "first"), figuresOf(page, "second")];
  assert(from >= 0 && to - from >= 0.5 && to - from < 30 && next === to, `${from}, ${to}, ${next}`);
  figuresOf(page, "artifacts");
  const names = await Array.fromAsync(Deno.readDir(join(box.dir, "new/dir")), (e) => e.name);
  assertEquals(names, ["page.html"]);
});

Deno.test("build-all --html writes where a failed build ended, in place of an older page", async () => {
  await using box = await makeSandbox();
  const dir = await stepsProject(box, { first: "true", "<b>second": "exit 3", third: "true" });
  const path = join(box.dir, "page.html");
  await Deno.writeTextFile(path, "old");
  assertFailure(await build(box, dir, ["--html", path]), {
    exit: 1,
    says: ['Step "<b>second" failed on native', `The page is ${path}\n`],
  });
  const page = await Deno.readTextFile(path);
  assertMatch(page, /Failed in <bdi>&lt;b&gt;second<\/bdi> at \d/);
  assertStringIncludes(page, '<strong class="status fail">fail</strong>');
  assert(!page.includes("third") && !page.includes("<b>second"), page);
});

Deno.test("bench --html writes the measurements, also where there is no timeline", async () => {
  await using box = await makeSandbox();
  const args = ["--only", "help", "--runs", "1", "--html", "page.html"];
  const { code, stderr } = await box.task("bench", args, { cwd: box.dir });
  assertEquals(code, 0, stderr);
  const page = await Deno.readTextFile(join(box.dir, "page.html"));
  assertMatch(page, /<bdi>--help of every task<\/bdi><\/th>.*?<td class="number">0\.20<\/td>/s);
  assert(!page.includes("<h2>Timeline</h2>"));
});
