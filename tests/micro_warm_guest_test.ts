// Starts microVMs from memory snapshots, and over each network.
import { delay } from "@std/async";
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { findProgram } from "../lib/base/process/find_program.ts";
import { ARCH, buildRaw, raw } from "./support/micro_vm.ts";
import { ownSnapshots } from "./support/own_snapshots.ts";
import { documentOf, killHard } from "./support/outcome.ts";
import { makeSandbox, type Sandbox } from "./support/harness.ts";

async function inRaw(box: Sandbox, script: string, ...args: string[]) {
  const outcome = await box.task("vm-run", raw(...args, "--eval", script));
  assertEquals(outcome.code, 0, outcome.stderr);
  const log = await Deno.readTextFile(join(box.dir, `logs/vm-run-raw-${ARCH}.log`));
  return { ...outcome, log };
}

const LOOK = "date +%s; cat /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | od -An -tx1";

Deno.test("a microVM starts warm, with the host's time and random numbers of its own", async () => {
  await using box = await ownSnapshots();
  await buildRaw(box);
  const first = await inRaw(box, LOOK);
  assertStringIncludes(first.log, "none fits (there is none yet)");
  assertMatch(first.log, /agent ready after [\d.]+ s, cold/);
  const looks = [];
  for (let run = 0; run < 2; run++) {
    const { stdout, log } = await inRaw(box, LOOK);
    assertMatch(log, /agent ready after [\d.]+ s, warm/);
    const [time, uuid, bytes] = stdout.trim().split("\n");
    const late = Date.now() / 1000 - Number(time);
    assert(late > -2 && late < 20, `the guest's clock is ${late} s behind`);
    looks.push({ uuid, bytes });
  }
  assertNotEquals(looks[0]?.uuid, looks[1]?.uuid);
  assertNotEquals(looks[0]?.bytes, looks[1]?.bytes);
  // What one guest writes, no other finds.
  await inRaw(box, "echo mine >/root/note; sync");
  assertEquals((await inRaw(box, "ls -A /root | grep note || true")).stdout, "");
  const cold = await inRaw(box, "true", "--cold");
  assertMatch(cold.log, /agent ready after [\d.]+ s, cold/);
  const other = await inRaw(box, "true", "--memory", "300");
  assertStringIncludes(other.log, "none fits (memory changed)");
  await box.assertClean();
});

Deno.test("a damaged snapshot of a microVM is removed, and the guest starts all the same", async () => {
  await using box = await ownSnapshots();
  await buildRaw(box);
  await inRaw(box, "true");
  const home = join(box.snapshots, `raw-${ARCH}`);
  const [key = ""] = (await Array.fromAsync(Deno.readDir(home)))
    .filter((entry) => entry.isDirectory).map(({ name }) => name);
  const state = join(home, key, "state");
  const bytes = await Deno.readFile(state);
  bytes[bytes.length >> 1]! ^= 0xff;
  await Deno.writeFile(state, bytes);
  const after = await inRaw(box, "echo fine");
  assertEquals(after.stdout, "fine\n");
  assertStringIncludes(after.stderr, "is unusable and was removed: state is damaged");
  assertMatch((await inRaw(box, "true")).log, /s, warm/);
  await box.assertClean();
});

Deno.test("killing a save of a microVM leaves nothing in the way", async () => {
  await using box = await ownSnapshots();
  await buildRaw(box);
  const task = box.start("vm-run", raw("--", "true"));
  await task.waitFor(/Start a microVM/);
  const home = join(box.snapshots, `raw-${ARCH}`);
  while ((await Array.fromAsync(Deno.readDir(home)).catch(() => [])).length === 0) {
    await delay(50);
  }
  await killHard(task);
  await box.assertClean({ runs: false });
  assertMatch((await inRaw(box, "true")).log, /s, cold/);
  assertMatch((await inRaw(box, "true")).log, /s, warm/);
  await box.assertClean();
});

Deno.test("gc keeps a microVM's snapshot as long as its parts are unchanged", async () => {
  await using box = await ownSnapshots();
  await buildRaw(box);
  await inRaw(box, "true");
  const kept = documentOf(await box.task("gc", ["--json"]));
  const ofRaw = ({ path }: { path: string }) => path.includes(`/raw-${ARCH}/`);
  assert(kept.kept.some(ofRaw), JSON.stringify(kept));
  const elsewhere = join(box.dir, "images/dist");
  await Deno.mkdir(elsewhere, { recursive: true });
  const env = { GUESTHOUSE_IMAGES: elsewhere };
  const gone = documentOf(await box.task("gc", ["--json"], { env }));
  const removed = gone.removed.find(ofRaw);
  assertEquals(removed?.why, "the parts that it is made of are gone");
});

const LOOK_AT_NETWORK = "cat /etc/resolv.conf; getent hosts gateway.containers.internal; " +
  "cut -f1-3 /proc/net/route | sed -n 2p";

Deno.test("vm-run --network user gives the documented addresses, none gives no device", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const user = await inRaw(box, LOOK_AT_NETWORK, "--network", "user");
  // 192.168.127.1, as the kernel writes it.
  assertEquals(user.stdout, "nameserver 192.168.127.3\neth0\t00000000\t017FA8C0\n");
  const none = await inRaw(box, "ls /sys/class/net");
  assertEquals(none.stdout, "lo\n");
  await box.assertClean();
});

const gvproxy = findProgram("gvproxy") !== undefined || findProgram("go") !== undefined;

Deno.test({
  name: `vm-run --network gvproxy has its gateway and names${gvproxy ? "" : " (skipped: no Go)"}`,
  ignore: !gvproxy,
  async fn() {
    await using box = await ownSnapshots();
    await buildRaw(box);
    // Cold, then from a snapshot with another gvproxy.
    for (const start of ["cold", "warm"]) {
      const args = ["--network", "gvproxy", "--yes"];
      const { stdout, log } = await inRaw(box, LOOK_AT_NETWORK, ...args);
      assertMatch(log, new RegExp(`s, ${start},`));
      const [resolver, gateway, route] = stdout.split("\n");
      assertEquals(resolver, "nameserver 192.168.127.1");
      assertMatch(gateway ?? "", /^192\.168\.127\.1\s+gateway\.containers\.internal$/);
      assertEquals(route, "eth0\t00000000\t017FA8C0");
    }
    await box.assertClean();
  },
});
