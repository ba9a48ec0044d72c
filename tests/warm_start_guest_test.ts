// Starts real guests from memory snapshots.
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { makeSandbox, type Sandbox, type TaskOutcome } from "./support/harness.ts";
import { copyImage, makeAgain } from "./support/made_again.ts";
import { documentOf } from "./support/outcome.ts";
import { shellProject, writeProject } from "./support/projects.ts";
import {
  AMD64,
  inGuest,
  ownSnapshots,
  placeSnapshot,
  SMALL,
  type SnapshotBox,
  snapshotDirs,
} from "./support/own_snapshots.ts";
import { thorough } from "./support/thorough.ts";

async function build(box: Sandbox, args: readonly string[]): Promise<TaskOutcome> {
  const project = await writeProject(box.dir, "nothing", shellProject({ nothing: "true" }));
  return await box.task("build-vm", [AMD64, "--json", "--project", project, ...args]);
}

const startOf = (outcome: TaskOutcome) => documentOf(outcome).platforms[0].start;

/** Parts of a guest that a snapshot must not decide. */
const LOOK = [
  "date +%s.%N",
  "cat /proc/sys/kernel/random/uuid",
  "head -c 16 /dev/urandom | od -An -tx1",
  "a=$(date +%s%N); sleep 1; echo $(($(date +%s%N) - a))",
  "cut -d' ' -f1 /proc/uptime",
].join("; ");

for (const platform of [AMD64, "debian-arm64"]) {
  Deno.test(`${platform} starts warm, with the host's time and random numbers of its own`, async () => {
    await using box = await makeSandbox();
    // The first may have to save the snapshot.
    await inGuest(box, "true", SMALL, platform);
    const looks = [];
    for (let run = 0; run < 2; run++) {
      const { stdout, log } = await inGuest(box, LOOK, SMALL, platform);
      const now = Date.now() / 1000;
      assertMatch(log, /== restored: /);
      const [time, uuid, bytes, second, uptime] = stdout.trim().split("\n");
      // Some seconds pass between the look and its arrival here.
      const late = now - Number(time);
      assert(late > -0.5 && late < 20, `the guest's clock is ${late} s behind`);
      assert(Number(second) > 0.9e9 && Number(second) < 5e9, `a second took ${second} ns`);
      assert(Number(uptime) > 0 && Number(uptime) < 300, `up for ${uptime} s`);
      looks.push([uuid, bytes]);
    }
    assertNotEquals(looks[0]?.[0], looks[1]?.[0]);
    assertNotEquals(looks[0]?.[1], looks[1]?.[1]);
    await box.assertClean();
  });
}

Deno.test("build-vm says how the guest started: cold the first time, then warm, cold with --cold", async () => {
  await using box = await ownSnapshots();
  const first = await build(box, SMALL);
  assertEquals([first.code, startOf(first)], [0, "cold"], first.stderr);
  const second = await build(box, SMALL);
  assertEquals([second.code, startOf(second)], [0, "warm"], second.stderr);
  const cold = await build(box, [...SMALL, "--cold"]);
  assertEquals([cold.code, startOf(cold)], [0, "cold"], cold.stderr);
  // Another size is another snapshot, and the log names what differs.
  const other = await build(box, ["--memory", "600"]);
  assertEquals([other.code, startOf(other)], [0, "cold"], other.stderr);
  const log = await Deno.readTextFile(documentOf(other).platforms[0].log);
  assertMatch(log, /== snapshot: none fits \(memory changed\)/);
  assertEquals((await snapshotDirs(box)).length, 2);
  await box.assertClean();
});

Deno.test("a rebuilt image starts no guest from the former one's snapshot, and leaves its guests alone", async () => {
  await using box = await ownSnapshots();
  const images = join(box.dir, "images/dist");
  const home = await copyImage(AMD64, images);
  const env = { GUESTHOUSE_IMAGES: images };
  const former = await Deno.realPath(join(home, "current"));
  const run = async (text: string, ...args: string[]) => {
    const command = [AMD64, ...SMALL, ...args, "--", "sh", "-c", text];
    const outcome = await box.task("vm-run", command, { env });
    assertEquals(outcome.code, 0, outcome.stderr);
    return {
      stdout: outcome.stdout,
      log: await Deno.readTextFile(join(box.dir, `logs/vm-run-${AMD64}.log`)).catch(() => ""),
    };
  };
  // Of its own: tests beside this one leave temporary files of tasks that they killed.
  const TMPDIR = join(box.dir, "tmp");
  await Deno.mkdir(TMPDIR);
  const gc = async () => documentOf(await box.task("gc", ["--json"], { env: { ...env, TMPDIR } }));
  const project = await writeProject(box.dir, "nothing", shellProject({ nothing: "true" }));
  const args = [AMD64, "--keep", "--json", "--project", project, ...SMALL];
  const kept = await box.task("build-vm", args, { env });
  assertEquals([kept.code, startOf(kept)], [0, "cold"], kept.stderr);

  // The same recipe, and a disk with other blocks.
  const now = await makeAgain(home, "made-again", "once more\n");
  assertNotEquals(now, former);
  const look = "cat /made-again; ls -R /usr/lib/gcc | sha256sum";
  const first = await run(look, "--fresh");
  assertMatch(first.log, /== snapshot: none fits \(image changed, image directory changed\)/);
  const second = await run(look, "--fresh");
  assertMatch(second.log, /== restored: /);
  assertEquals(second.log.includes("none fits"), false);
  for (const { stdout } of [first, second]) assertMatch(stdout, /^once more\n[0-9a-f]{64} /);
  assertEquals(second.stdout, first.stdout);

  // What the kept guest runs from is there, unchanged, as long as it is up.
  assertEquals((await gc()).removed.map(({ kind }: { kind: string }) => kind), []);
  assertEquals((await run("ls /made-again || echo none")).stdout, "none\n");
  assertEquals((await box.task("vm-stop", [AMD64], { env })).code, 0);
  const gone = (await gc()).removed.map(({ path }: { path: string }) => path);
  assert(gone.includes(former), `gc removed only ${gone}`);
  assertEquals((await run("cat /made-again")).stdout, "once more\n");
  await box.assertClean();
});

/** The cookie of a server's first SSH packet: 16 random bytes (RFC 4253, 7.1). */
async function sshCookie(port: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode("SSH-2.0-test\r\n"));
  const received: number[] = [];
  const buffer = new Uint8Array(4096);
  while (true) {
    const length = await connection.read(buffer);
    if (length === null) throw new Error("the server closed the connection");
    received.push(...buffer.subarray(0, length));
    const banner = received.indexOf(10) + 1;
    // Length (4), padding length (1), message number 20, and then the cookie.
    if (banner === 0 || received.length < banner + 22) continue;
    assertEquals(received[banner + 5], 20);
    return received.slice(banner + 6, banner + 22).join(" ");
  }
}

Deno.test("two guests of one snapshot draw different random numbers for SSH, and both have a network", async () => {
  await using box = await makeSandbox();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let calls = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      calls++;
      connection.close();
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const project = await writeProject(
    box.dir,
    "calls",
    // 10.0.2.2 is the host, as QEMU's user network shows it.
    shellProject({ call: `bash -c 'exec 3<>/dev/tcp/10.0.2.2/${port}'` }),
  );
  // The way to the host is closed otherwise.
  const args = [AMD64, "--keep", "--json", "--network=open", "--project", project, ...SMALL];
  const built = await Promise.all([box.task("build-vm", args), box.task("build-vm", args)]);
  for (const outcome of built) assertEquals(outcome.code, 0, outcome.stderr);
  const { guests } = documentOf(await box.task("vm-list", ["--json"]));
  assertEquals(guests.length, 2);
  assertEquals(calls, 2);
  const cookies = await Promise.all(
    guests.map(({ sshPort }: { sshPort: number }) => sshCookie(sshPort)),
  );
  assertNotEquals(cookies[0], cookies[1]);
  for (let guest = 0; guest < 2; guest++) {
    assertEquals((await box.task("vm-stop", [AMD64])).code, 0);
  }
  await box.assertClean();
  listener.close();
  await serving;
});

for (const [count, word] of [[3, "three"], [8, "eight"]] as const) {
  Deno.test({
    name: `${word} guests start at once from one snapshot, independently`,
    ignore: count > 3 && !thorough,
    fn: async () => {
      await using box = await makeSandbox();
      await inGuest(box, "true");
      const text = "cat /proc/sys/kernel/random/uuid";
      const command = [AMD64, ...SMALL, "--", "sh", "-c", text];
      const outcomes = await Promise.all(
        Array.from({ length: count }, () => box.task("vm-run", command)),
      );
      for (const { code, stderr } of outcomes) assertEquals(code, 0, stderr);
      assertEquals(new Set(outcomes.map(({ stdout }) => stdout)).size, count);
      await box.assertClean();
    },
  });
}

/** The sizes and times of a snapshot's files, and what else is in the sandbox. */
async function pictureOf(box: SnapshotBox) {
  const [dir] = await snapshotDirs(box);
  const sizes = [];
  for (const name of ["memory", "state", "disk.qcow2"]) {
    const { size, mtime, ctime } = await Deno.stat(join(dir!, name));
    sizes.push([name, size, mtime, ctime]);
  }
  return { sizes, files: (await $`find ${box.dir} -type f`.lines()).sort() };
}

for (const [count, word] of [[5, "five"], [50, "fifty"]] as const) {
  Deno.test({
    name: `${word} restores in a row leave nothing behind and leave the snapshot as it is`,
    ignore: count > 5 && !thorough,
    fn: async () => {
      await using box = await ownSnapshots();
      await placeSnapshot(box);
      // Its logs and verdicts are there from the first one on.
      await inGuest(box, "true");
      const before = await pictureOf(box);
      for (let run = 0; run < count; run++) {
        const { code, stderr } = await box.task("vm-run", [AMD64, ...SMALL, "--", "true"]);
        assertEquals(code, 0, stderr);
      }
      assertEquals(await pictureOf(box), before);
      const log = await Deno.readTextFile(join(box.dir, `logs/vm-run-${AMD64}.log`));
      assertMatch(log, /== restored: /);
      await box.assertClean();
    },
  });
}

Deno.test("two tasks that want the same snapshot save it once", async () => {
  await using box = await ownSnapshots();
  const [one, two] = await Promise.all([build(box, SMALL), build(box, SMALL)]);
  assertEquals([one.code, two.code], [0, 0], one.stderr + two.stderr);
  assertEquals((await snapshotDirs(box)).length, 1);
  await box.assertClean();
});
