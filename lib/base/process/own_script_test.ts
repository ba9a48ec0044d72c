import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { root } from "../files/paths.ts";
import { sandbox } from "../host_testing.ts";
import { run } from "./run.ts";

/** The scripts of ours that run on the host; what provision/ and the like hold runs in guests. */
const SCRIPTS = [
  ...["lib/base/process/become.sh", "lib/base/process/send_signal.sh"],
  ...["lib/base/process/supervise.sh", "lib/dev/state/probe_share.sh"],
  ...["lib/guest/make_links.sh", "lib/project/limited_git.sh", "lib/project/list_tree.sh"],
];

Deno.test("scripts of ours can be executed as they are checked out", async () => {
  for (const script of SCRIPTS) {
    assertEquals((await Deno.stat(join(root, script))).mode! & 0o111, 0o111, script);
  }
});

Deno.test("run() says what to do where the supervisor may not be executed", async () => {
  await using box = await sandbox();
  await run(["cp", "-r", join(root, "lib"), join(root, "deno.json"), box.path]);
  await run(["ln", "-s", join(root, "node_modules"), box.path]);
  const supervisor = join(box.path, "lib/base/process/supervise.sh");
  await Deno.chmod(supervisor, 0o644);
  const script = join(box.path, "script.ts");
  await Deno.writeTextFile(
    script,
    `import { run } from "./lib/base/process/run.ts";
await run(["true"]).catch(({ message, exit, details, next }) =>
  console.log([message, exit, ...details, next].join("\\n")));`,
  );
  const { stdout } = await run([Deno.execPath(), "run", "-qA", script]);
  const [message, exit, why, next] = stdout.split("\n");
  assertEquals(message, `Cannot run any program: "${supervisor}" may not be executed`);
  assertEquals(exit, "3");
  assertMatch(why ?? "", /lost its mode, or .* noexec/);
  assertEquals(
    next,
    `chmod +x '${supervisor}', or clone guesthouse to a file system that runs programs`,
  );
});
