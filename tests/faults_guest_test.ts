// Boots real guests, and breaks them.
import { delay } from "@std/async";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { makeSandbox, taskPid } from "./support/harness.ts";
import { assertFailure } from "./support/outcome.ts";
import { shellProject, writeProject } from "./support/projects.ts";

Deno.test("build-vm names the port that is taken by something else", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "p", shellProject({ work: "true" }));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const outcome = await box.task("build-vm", [
    ...["debian-amd64", "--project", project, "--ssh-port", String(listener.addr.port)],
  ]);
  assertFailure(outcome, { exit: 4, says: ['Cannot start guest "debian-amd64"', "port", "next:"] });
  await box.assertClean();
});

Deno.test("build-vm shows QEMU's own words when it dies at its start", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "p", shellProject({ work: "true" }));
  // The real QEMU, told to use a machine that it does not have.
  const bin = join(box.dir, "bin");
  await Deno.mkdir(bin);
  const script =
    '#!/bin/sh\nPATH=${PATH#*:} exec qemu-system-x86_64 "$@" -machine no-such-machine\n';
  await Deno.writeTextFile(join(bin, "qemu-system-x86_64"), script, { mode: 0o755 });
  const outcome = await box.task("build-vm", ["debian-amd64", "--project", project], {
    env: { PATH: `${bin}:${Deno.env.get("PATH")}` },
  });
  assertFailure(outcome, {
    exit: 4,
    says: ['Cannot start guest "debian-amd64"', "machine", "next:"],
  });
  await box.assertClean();
});

Deno.test("build-vm names a kernel panic within seconds, not after the boot's deadline", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "p", shellProject({ work: "true" }));
  const outcome = await box.task("build-vm", [
    ...["debian-amd64", "--project", project, "--append", "rdinit=/bin/false panic=-1"],
  ]);
  assertFailure(outcome, { exit: 4, says: ['Cannot start guest "debian-amd64"', "panic"] });
  await box.assertClean();
});

/** What stops an initramfs: a word of the command line, and the message about it. */
const initFaults = [
  {
    word: "guesthouse.init=/sbin/no-such-init",
    says: ["its first program is not in the image", "initramfs: switch-root: total "],
  },
  {
    word: "guesthouse.rootfstype=erofs",
    says: ["its root disk /dev/vda holds ext4, which cannot be the root", "[init] status=65"],
  },
];
for (const { word, says } of initFaults) {
  Deno.test(`build-vm names what stops the initramfs: ${word}`, async () => {
    await using box = await makeSandbox();
    const project = await writeProject(box.dir, "p", shellProject({ work: "true" }));
    const outcome = await box.task("build-vm", [
      ...["debian-amd64", "--project", project, "--append", word],
    ]);
    assertFailure(outcome, { exit: 4, says: ['Cannot start guest "debian-amd64"', ...says] });
    await box.assertClean();
  });
}

Deno.test("build-vm gives up a guest that hangs at boot, with the console's last lines", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(
    box.dir,
    "p",
    shellProject({ work: "true" }, { timeouts: { boot: "8s" } }),
  );
  // It waits for ever for input from the console, whatever words the kernel hands on to it.
  const outcome = await box.task("build-vm", [
    ...["debian-amd64", "--project", project, "--append", "guesthouse.init=/usr/bin/tee"],
  ]);
  const says = ['Cannot start guest "debian-amd64"', "8 s", "started again", "next:"];
  assertFailure(outcome, { exit: 4, says });
  await box.assertClean();
});

Deno.test("build-vm boots a guest again that was not ready in time, and its verdict says so", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(
    box.dir,
    "p",
    shellProject({ work: "true" }, { timeouts: { boot: "60s" } }),
  );
  const running = box.start("build-vm", ["debian-amd64", "--project", project, "--cold"]);
  const console = join(box.dir, "logs/debian-amd64.console.log");
  await firstBytes(console);
  // From here on it is a QEMU that hangs.
  const { stdout } = await box.task("vm-list", ["--json"]);
  Deno.kill(JSON.parse(stdout).guests[0].pid, "SIGSTOP");
  const outcome = await running.outcome;
  assertEquals(outcome.code, 0, outcome.stderr);
  assertMatch(outcome.stdout, /^debian-amd64 +pass, 2nd boot /m);
  assertStringIncludes(outcome.stderr, "so it is started again");
  const first = await Deno.stat(join(box.dir, "logs/debian-amd64.console.first.log"));
  assertEquals(first.size > 0, true);
  await box.assertClean();
});

Deno.test("build-vm notices that a guest has lost its network in the middle of a build", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(
    box.dir,
    "p",
    shellProject({ cut: "echo cutting; sudo ip link set eth0 down; sleep 600" }),
  );
  const outcome = await box.task("build-vm", ["debian-amd64", "--project", project]);
  assertFailure(outcome, { exit: 4, says: ["lost connection"] });
  await box.assertClean();
});

Deno.test("build-vm notices that QEMU was killed in the middle of a build", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(
    box.dir,
    "p",
    shellProject({ wait: "echo waiting; sleep 600" }),
  );
  const running = box.start("build-vm", ["debian-amd64", "--project", project]);
  await running.waitFor(/waiting/);
  const { stdout } = await box.task("vm-list", ["--json"]);
  const { pid } = JSON.parse(stdout).guests[0];
  Deno.kill(pid, "SIGKILL");
  assertFailure(await running.outcome, { exit: 4, says: ["lost connection"] });
  await box.assertClean();
});

/** Waits until a file has some content: a guest's console, once its kernel runs. */
async function firstBytes(path: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const size = await Deno.stat(path).then((info) => info.size, () => 0);
    if (size > 0) return;
    await delay(50);
  }
  throw new Error(`${path} stays empty`);
}

for (const phase of ["boot", "sync", "wait"]) {
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    Deno.test(`build-vm leaves nothing behind after ${signal} in phase "${phase}"`, async () => {
      await using box = await makeSandbox();
      const files: Record<string, string> = {
        ...shellProject({ wait: "echo waiting; sleep 600" }),
      };
      // Enough files that the sync takes a moment.
      if (phase === "sync") { for (let n = 0; n < 3000; n++) files[`d${n % 50}/f${n}`] = `${n}`; }
      const project = await writeProject(box.dir, "p", files);
      const running = box.start("build-vm", ["debian-amd64", "--project", project]);
      await running.waitFor(phase === "wait" ? /waiting/ : new RegExp(`debian-amd64: ${phase}`));
      if (phase === "boot") await firstBytes(join(box.dir, "logs/debian-amd64.console.log"));
      Deno.kill(await taskPid(running.pid), signal);
      const outcome = await running.outcome;
      if (signal === "SIGINT") {
        assertEquals(outcome.code, 130, outcome.stderr);
        assertStringIncludes(outcome.stderr, "Interrupted");
        await box.assertClean();
        return;
      }
      // The guest dies with its task at once; its directory goes with the next task.
      await box.assertClean({ runs: false });
      const next = await box.task("vm-list", ["--json"]);
      assertEquals(JSON.parse(next.stdout).guests, []);
      await box.assertClean();
    });
  }
}
