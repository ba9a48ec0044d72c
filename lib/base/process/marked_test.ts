import { assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { join } from "@std/path";
import { sandbox } from "../host_testing.ts";
import { endMarkedLater, MARK, newMark } from "./marked.ts";
import { spawnOwned } from "./process.ts";
import { run } from "./run.ts";
import { living, pidsIn, waitUntil, watch, within } from "./process_testing.ts";

Deno.test("endMarkedLater() ends what a command has left with the mark, and nothing else", async () => {
  await using box = await sandbox();
  const [left, other] = [join(box.path, "left"), join(box.path, "other")];
  const mark = newMark();
  const stay = `trap "" TERM; echo $$ >>"$0"; while :; do sleep 0.1; done`;
  // In the group and out of it; the last one hides its environment.
  const script = 'sh -c "$1" "$0" & setsid sh -c "$1" "$0" & env -i "$(command -v sh)" -c "$1" ' +
    '"$2" & until [ "$(cat "$0" "$2" | wc -l)" = 3 ]; do sleep 0.01; done; exit 4';
  const options = { graceMs: 100, env: { ...mark }, leaves: MARK };
  await using bystander = spawnOwned(["sh", "-c", stay, join(box.path, "by")], {
    graceMs: 100,
    env: { ...newMark() },
  });
  const [by = 0] = await pidsIn(join(box.path, "by"), 1);
  {
    await using _later = endMarkedLater(mark);
    await using process = spawnOwned(["sh", "-c", script, left, stay, other], options);
    const pids = await pidsIn(left, 2);
    await using _tree = await watch(pids);
    const [hidden = 0] = await pidsIn(other, 1);
    assertEquals((await within(process.status)).code, 4);
    assertEquals(await living([...pids, hidden, by]), [...pids, by]);
  }
  assertEquals(await living([...await pidsIn(left, 2), by]), [by]);
  await waitUntil("the bystander's end", async () => {
    await bystander.stop();
    return (await living([by])).length === 0;
  });
});

Deno.test("spawnOwned() ends what is marked as well when it is stopped", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  const script = 'echo $$ >>"$0"; sh -c \'echo $$ >>"$0"; exec sleep 60\' "$0" & wait';
  const options = { graceMs: 100, env: { ...newMark() }, leaves: MARK };
  await using process = spawnOwned(["sh", "-c", script, pidFile], options);
  const pids = await pidsIn(pidFile, 2);
  await within(process.stop());
  assertEquals(await living(pids), []);
});

Deno.test("run() lets what a command leaves write on", async () => {
  const mark = newMark();
  const script = "sh -c 'while :; do echo x || exit; sleep 0.1; done' & echo $!";
  {
    await using _later = endMarkedLater(mark);
    const { stdout } = await run(["sh", "-c", script], { env: { ...mark }, leaves: MARK });
    const pid = Number(/\d+/.exec(stdout)?.[0]);
    await delay(500);
    assertEquals(await living([pid]), [pid]);
  }
});
