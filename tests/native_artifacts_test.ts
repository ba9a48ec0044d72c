// What builds on this host leave.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join, relative } from "@std/path";
import { makeSandbox } from "./support/harness.ts";
import { assertFailure, documentOf } from "./support/outcome.ts";
import { assertLinked, linksProject, writeProject } from "./support/projects.ts";
import { scriptProject } from "./support/script_project.ts";

Deno.test("build-native brings what links among the artifacts lead to, and fails for one that is lost", async () => {
  await using box = await makeSandbox();
  const build = async (name: string, files: Record<string, string>) => {
    const project = await writeProject(box.dir, name, files);
    const out = join(box.dir, `out ${name}`);
    return await box.task("build-native", ["--project", project, "--artifacts", out]);
  };
  const outcome = await build("linked", linksProject());
  assertEquals(outcome.code, 0, outcome.stderr);
  await assertLinked(join(box.dir, "out linked/native"));
  assertStringIncludes(outcome.stderr, 'Not copied: "out/bad\ufffd": its name is not UTF-8');
  assertFailure(await build("lost", linksProject({ lost: true })), {
    exit: 1,
    says: [
      "Cannot copy artifacts from native: a link leads nowhere, or out of the build and source",
      '/build/out/beyond" -> "/etc/hostname"\n',
      '/build/out/none" -> "none"\n',
    ],
  });
});

Deno.test("a glob that matches a directory copies all of it", async () => {
  await using box = await makeSandbox();
  const script = "mkdir -p bin/sub '{build}' && touch bin/a bin/sub/b bin/.c && ln -s a bin/link";
  const steps = { default: [{ name: "s", run: ["sh", "-c", script], cwd: "{build}" }] };
  const dir = await scriptProject(box, "", { steps, artifacts: ["bin", "bin/a", "**/b"] });
  const args = ["--project", dir, "--artifacts", join(box.dir, "out"), "--json"];
  const outcome = await box.task("build-native", args);
  assertEquals(outcome.code, 0, outcome.stderr);
  assertEquals(
    documentOf(outcome).platforms[0].artifacts.map((path: string) => relative(box.dir, path)),
    ["out/native/bin/.c", "out/native/bin/a", "out/native/bin/link", "out/native/bin/sub/b"],
  );
});

Deno.test("--artifacts empties no directory of the user's own, and says so before the build", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, "echo built; touch made", { artifacts: ["{source}/made"] });
  const out = join(box.dir, "out");
  const args = ["--project", dir, "--artifacts", out];
  const build = () => box.task("build-native", args);
  // What a build has made, the next one empties.
  for (let turn = 0; turn < 2; turn++) assertEquals((await build()).code, 0);
  await Deno.remove(out, { recursive: true });
  await Deno.mkdir(join(out, "native"), { recursive: true });
  const own = join(out, "native/driver.c");
  await Deno.writeTextFile(own, "mine");
  const outcome = await build();
  assertFailure(outcome, {
    exit: 2,
    says: [`it would empty ${join(out, "native")}, which guesthouse has not made`],
  });
  assertEquals(outcome.stdout, "");
  assertEquals(await Deno.readTextFile(own), "mine");
});

Deno.test("two artifacts of one path end the build, and neither is lost silently", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, "", {
    steps: { default: [{ name: "two", run: ["sh", "-c", 'touch report "$0/report"', "{build}"] }] },
    artifacts: ["report", "{source}/report"],
  });
  const args = ["--project", dir, "--artifacts", join(box.dir, "out")];
  assertFailure(await box.task("build-native", args), {
    exit: 1,
    says: ["two have the same path", "/build/report\n", `${dir}/report\n`, "name one of them only"],
  });
});

Deno.test("an artifact that the build did not leave gives status 1 and names the glob", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, "true", { artifacts: ["*.deb"] });
  const args = ["--project", dir, "--artifacts", join(box.dir, "out")];
  assertFailure(await box.task("build-native", args), {
    exit: 1,
    says: ["error: Cannot copy artifacts from native: nothing matches ", '/build/*.deb"\n'],
  });
});
