import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { HostError } from "../errors.ts";
import { root } from "../files/paths.ts";
import { isReexecuted, reexec } from "./reexec.ts";
import { sandbox } from "../host_testing.ts";

const REEXEC = toFileUrl(join(root, "lib/base/process/reexec.ts"));

/** A config like ours, with one permission set: to read, and to know that it was started again. */
async function writeConfig(dir: string): Promise<string> {
  const config = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const file = join(dir, "deno.json");
  await Deno.writeTextFile(
    file,
    JSON.stringify({
      imports: config.imports,
      tasks: { again: { command: "deno run -P=again again.ts" } },
      permissions: { again: { read: true, env: ["GUESTHOUSE_REEXEC"] } },
    }),
  );
  return file;
}

/** Starts a task that starts `again.ts`, whose text is given, by `reexec`. */
async function startTask(dir: string, again: string) {
  const config = await writeConfig(dir);
  await Deno.writeTextFile(join(dir, "again.ts"), again);
  await Deno.writeTextFile(
    join(dir, "task.ts"),
    `import { reexec } from "${REEXEC}";
await reexec({
  config: ${JSON.stringify(config)},
  file: ${JSON.stringify(join(dir, "again.ts"))},
});`,
  );
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-qA", "--config", config, join(dir, "task.ts"), "--yes", "a b", "it's"],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env: { NO_COLOR: "1" },
  }).spawn();
}

async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let text = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}

Deno.test("reexec() passes arguments, permissions and the exit status", async () => {
  await using box = await sandbox();
  const task = await startTask(
    box.path,
    `console.log(JSON.stringify(Deno.args));
console.log((await Deno.permissions.query({ name: "run" })).state);
Deno.exit(7);`,
  );
  const { code, stdout } = await task.output();
  assertEquals(new TextDecoder().decode(stdout), '["--yes","a b","it\'s"]\nprompt\n');
  assertEquals(code, 7);
});

Deno.test("reexec() passes signals on", async () => {
  await using box = await sandbox();
  const task = await startTask(
    box.path,
    `Deno.addSignalListener("SIGTERM", () => { console.log("told"); Deno.exit(5); });
console.log("ready");
setInterval(() => {}, 1000);`,
  );
  const output = lines(task.stdout);
  assertEquals((await output.next()).value, "ready");
  task.kill("SIGTERM");
  assertEquals((await output.next()).value, "told");
  assertEquals((await task.status).code, 5);
});

Deno.test("reexec() ends its task when the starter is killed", async () => {
  await using box = await sandbox();
  const task = await startTask(
    box.path,
    `import { isReexecuted } from "${REEXEC}";
Deno.addSignalListener("SIGTERM", () => { console.log("told"); Deno.exit(); });
console.log("ready", isReexecuted());
setInterval(() => {}, 1000);`,
  );
  const output = lines(task.stdout);
  assertEquals((await output.next()).value, "ready true");
  task.kill("SIGKILL");
  assertEquals((await output.next()).value, "told");
  assertEquals((await output.next()).done, true, "it has ended");
  await task.status;
});

Deno.test("isReexecuted() is true for this task only, not for those that it runs", async () => {
  await using _box = await sandbox({ GUESTHOUSE_REEXEC: String(Deno.pid) });
  assertEquals(isReexecuted(), false);
});

Deno.test("reexec() does not repeat itself", async () => {
  await using _box = await sandbox({ GUESTHOUSE_REEXEC: String(Deno.ppid) });
  const error = await assertRejects(
    () => reexec(),
    HostError,
    "Cannot start the task again: it has been started again already",
  );
  assertEquals(error.exit, 3);
  assertMatch(error.next ?? "", /^(deno|npx -y deno@.*) task check$/);
  assert(error.details.length > 0);
});
