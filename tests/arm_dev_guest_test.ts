// The whole life of a real dev guest, in the Debian flavour.
import { delay } from "@std/async";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { connectQmp } from "../lib/qemu/qmp_connect.ts";
import type { DevRecord } from "../lib/dev/state/record.ts";
import { $ } from "../lib/base/process/dollar.ts";
import { processStartTime } from "../lib/base/process/start_time.ts";
import { INIT, INIT_MS, offerDevGuest } from "./support/dev_guest.ts";
import { freePort } from "./support/environment.ts";
import { makeSandbox, type Sandbox, taskPid } from "./support/harness.ts";
import { assertFailure, assertNoBug, documentOf } from "./support/outcome.ts";
import { listTree, writeProject } from "./support/projects.ts";
import { chain } from "./support/steps.ts";

const recordPath = (box: Sandbox) => join(box.dir, "state/dev/armdev/run.json");

async function recordOf(box: Sandbox): Promise<DevRecord> {
  return JSON.parse(await Deno.readTextFile(recordPath(box)));
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

/** Waits for something that needs no more than moments. */
async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return;
    await delay(100);
  }
  throw new Error(`never: ${what}`);
}

const NO_SPACE = "the host had no space left for its disk";

/** Lays a copy of a directory over it, on a file system with that much space left, until disposed. */
async function smallCopy(dir: string, spareBytes: number) {
  const sh = async (script: string, ...args: string[]) => {
    const command = ["sh", "-c", script, dir, ...args];
    return await $`${command}`.text();
  };
  const side = await Deno.makeTempDir();
  try {
    await sh('mount -t tmpfs tmpfs "$1" && cp -a "$0/." "$1"', side);
    await sh('mount --bind "$1" "$0" && umount "$1"', side);
  } finally {
    await Deno.remove(side);
  }
  const used = 1024 * Number(await sh('df -k --output=used "$0" | tail -n 1'));
  const enlarge = (spare: number) => sh(`mount -o remount,size=${used + spare} "$0"`);
  await enlarge(spareBytes);
  return {
    enlarge,
    [Symbol.asyncDispose]: async () => void await sh('umount -l "$0"'),
  };
}

/** A process that lives as long as the test and looks like the guest's QEMU, by its name. */
async function startDecoy(record: DevRecord) {
  const script = 'name=$1; shift; exec -a "$name" sleep 600';
  const child = new Deno.Command("bash", {
    args: ["-c", script, "bash", record.qemu.command[0] ?? "qemu-system-aarch64"],
    stdout: "null",
  }).spawn();
  await eventually(
    "the decoy runs",
    async () => await processStartTime(child.pid) !== undefined,
  );
  return {
    pid: child.pid,
    runs: async () => await processStartTime(child.pid) !== undefined,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

Deno.test("a dev guest, from arm-dev-init to arm-dev-reset", async (t) => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "my project", { "hello.txt": "from the host\n" });
  const before = await listTree(project);
  const port = freePort();
  const start = ["--project", project, "--ssh-port", String(port), "--memory", "1024"];
  const guestDir = join(box.dir, "state/dev/armdev");
  const ssh = (...argv: string[]) => box.task("arm-dev-ssh", ["--plain", "--", ...argv]);
  const status = async () => documentOf(await box.task("arm-dev-status", ["--json"]));
  const step = chain(t);
  // Whatever fails, no guest outlives the test.
  await using _cleanup = {
    async [Symbol.asyncDispose]() {
      await box.task("arm-dev-kill");
    },
  };

  for (const [at, signal] of [["copy the disk", "SIGINT"], ["first boot", "SIGKILL"]] as const) {
    await step(`init can be run again after ${signal} at "${at}"`, async () => {
      const init = box.start("arm-dev-init", INIT, { timeoutMs: INIT_MS });
      await init.waitFor(new RegExp(`armdev: ${at}`));
      Deno.kill(await taskPid(init.pid), signal);
      const { code, stderr } = await init.outcome;
      if (signal === "SIGINT") assertEquals(code, 130, stderr);
      await box.assertClean({ runs: signal === "SIGINT" });
      assertEquals((await status()).state, "none");
      assertFailure(await box.task("arm-dev", start), {
        exit: 3,
        says: ['Cannot use guest "armdev": its creation was interrupted', "deno task arm-dev-init"],
      });
    });
  }

  await step("init makes the guest", async () => {
    const outcome = await box.task("arm-dev-init", [...INIT, "--json"], { timeoutMs: INIT_MS });
    assertEquals(outcome.code, 0, outcome.stderr);
    const { flavour, destroyed } = documentOf(outcome);
    assertEquals([flavour, destroyed], ["debian", []]);
    const { state, disk } = await status();
    assertEquals([state, disk.sizeBytes], ["stopped", 10 * 2 ** 30]);
    assertEquals(await exists(join(guestDir, "staging")), false);
    await box.assertClean();
    await offerDevGuest(box);
  });

  await step("init refuses to destroy a guest without --force, and says what it is", async () => {
    assertFailure(await box.task("arm-dev-init", INIT), {
      exit: 2,
      says: ['Cannot make guest "armdev": there is one already', `${guestDir}/disk.qcow2 (`],
    });
  });

  await step("a port that is taken is named, with what shows who has it", async () => {
    using _taken = Deno.listen({ hostname: "127.0.0.1", port });
    assertFailure(await box.task("arm-dev", start), {
      exit: 3,
      says: [`port ${port} of 127.0.0.1 is already in use`, "next: deno task arm-dev"],
    });
  });

  await step("a dry run prints QEMU's command and starts nothing", async () => {
    const { code, stdout } = await box.task("arm-dev", [...start, "--dry-run"]);
    assertEquals(code, 0);
    assertMatch(
      stdout,
      new RegExp(`qemu-system-aarch64 .*hostfwd=tcp:127\\.0\\.0\\.1:${port}-:22`),
    );
    await box.assertClean();
  });

  await step("a start that is killed leaves no guest, and the next one resumes", async () => {
    const killed = box.start("arm-dev", start);
    await killed.waitFor(/Start guest "armdev"/);
    await eventually("it is on record", () => exists(recordPath(box)));
    Deno.kill(await taskPid(killed.pid), "SIGKILL");
    await killed.outcome;
    await box.assertClean({ runs: false });
    assertMatch((await status()).stale, /^its QEMU \(process \d+\) has ended$/);
  });

  await step("of two that start it at once, one does, and the other finds it up", async () => {
    const both = await Promise.all([1, 2].map(() => box.task("arm-dev", [...start, "--json"])));
    for (const outcome of both) {
      assertEquals(outcome.code, 0, outcome.stderr);
      assertNoBug(outcome);
    }
    const [one, two] = both.map((outcome) => documentOf(outcome));
    assertEquals([one.wasUp, two.wasUp].sort(), [false, true]);
    assertEquals([one.pid, one.sshPort], [two.pid, port]);
    const { state, pid, flavour, share } = await status();
    assertEquals([state, pid, flavour], ["running", one.pid, "debian"]);
    assertEquals([share.hostDir, share.guestDir], [project, "/hello-cmake"]);
  });

  await step("ssh passes a command's words, input, output and status through", async () => {
    const { code, stdout, stderr } = await ssh(
      "sh",
      "-c",
      'echo "$1"; echo err >&2; exit 7',
      "x",
      "a b",
    );
    assertEquals([code, stdout, stderr], [7, "a b\n", "err\n"]);
    assertEquals((await ssh("sh", "-c", "exit 255")).code, 255);
    assertEquals((await ssh("uname", "-m")).stdout, "aarch64\n");
  });

  await step("its user has the host user's ids, and sudo without a question", async () => {
    const uid = Deno.uid() === 0 ? 1000 : Deno.uid();
    assertEquals((await ssh("id", "-un")).stdout, "armdev\n");
    assertEquals((await ssh("id", "-u")).stdout, `${uid}\n`);
    assertMatch((await ssh("id", "-Gn")).stdout, /\bsudo\b.*\bwheel\b|\bwheel\b.*\bsudo\b/);
    assertEquals((await ssh("sudo", "-n", "id", "-u")).stdout, "0\n");
    for (const program of ["nix-shell", "nix-collect-garbage", "direnv", "git", "rsync"]) {
      assertEquals((await ssh("which", program)).code, 0, program);
    }
  });

  await step(
    "it has ::1 as localhost, a locale that knows UTF-8, and devices of modules",
    async () => {
      assertEquals((await ssh("locale", "charmap")).stdout, "UTF-8\n");
      assertMatch((await ssh("getent", "hosts", "ip6-localhost")).stdout, /^::1 .*\blocalhost\b/);
      const { code, stderr } = await ssh("sh", "-c", ": <>/dev/fuse && : <>/dev/net/tun");
      assertEquals(code, 0, stderr);
    },
  );

  await step("its empty password opens consoles alone", async () => {
    // NP: no password.
    assertMatch((await ssh("sudo", "-n", "passwd", "-S", "armdev")).stdout, /^armdev NP /);
    const { sshSocket } = await recordOf(box);
    const login = await $`ssh -F ${sshSocket}.conf -o PubkeyAuthentication=no -o BatchMode=no
      -o PreferredAuthentications=password,keyboard-interactive,none
      -o NumberOfPasswordPrompts=1 guest true`
      .env({ SSH_ASKPASS: "/bin/true", SSH_ASKPASS_REQUIRE: "force" }).noThrow();
    assertEquals(login.code, 255);
    assertStringIncludes(login.stderr, "Permission denied (publickey)");
    await eventually("the serial console logs in automatically", async () => {
      const console = await Deno.readTextFile(join(guestDir, "console.log"));
      return /login: armdev \(automatic login\)/.test(console);
    });
  });

  await step("its disk is as large as was asked for", async () => {
    const { stdout } = await ssh("df", "--output=size", "-B", "1", "/");
    assert(Number(stdout.split("\n")[1]) > 9 * 2 ** 30, stdout);
  });

  await step("its clock catches up after the host has slept", async () => {
    const { qmpSocket } = await recordOf(box);
    await using qmp = await connectQmp({ path: qmpSocket, name: "armdev" });
    const behind = async () => Date.now() / 1000 - Number((await ssh("date", "+%s")).stdout);
    await qmp.execute("stop");
    await delay(8000);
    await qmp.execute("cont");
    await eventually("the guest's clock is right", async () => Math.abs(await behind()) < 4);
  });

  await step("a guest that hangs is reported, and not killed", async () => {
    const { qemu } = await recordOf(box);
    Deno.kill(qemu.pid, "SIGSTOP");
    assertFailure(await box.task("arm-dev-shutdown", ["--timeout", "4"]), {
      exit: 4,
      says: ["it is still running after 4 s", "next: deno task arm-dev-kill"],
    });
    assertEquals(await processStartTime(qemu.pid), qemu.startTime);
    Deno.kill(qemu.pid, "SIGCONT");
  });

  await step("it shuts down in order, and leaves nothing behind", async () => {
    assertEquals((await ssh("sh", "-c", "echo kept >~/note && sync")).code, 0);
    const outcome = await box.task("arm-dev-shutdown", ["--json"]);
    assertEquals(outcome.code, 0, outcome.stderr);
    assertMatch(documentOf(outcome).by, /^(ssh|power button)$/);
    await box.assertClean();
    assertEquals(await exists(recordPath(box)), false);
    assertFailure(await ssh("true"), {
      exit: 4,
      says: ["it is not running", "arm-dev-ssh --start"],
    });
    assertEquals(documentOf(await box.task("arm-dev-shutdown", ["--json"])).by, "not running");
  });

  // Only root may mount a file system that is small enough.
  const canMount = Deno.build.os === "linux" && Deno.uid() === 0;
  const missing = canMount ? undefined : "root on Linux";
  const fill = async () => {
    await using disk = await smallCopy(guestDir, 120 * 2 ** 20);
    // Before its record goes with the disk, whatever fails.
    await using _guest = {
      async [Symbol.asyncDispose]() {
        await box.task("arm-dev-kill");
      },
    };
    const started = await box.task("arm-dev", start);
    assertEquals(started.code, 0, started.stderr);
    const writing = ssh(
      "sh",
      "-c",
      'yes | head -c 200M >"$HOME/big" && sync && echo whole',
    );
    await eventually("the guest is paused", async () => (await status()).paused !== null);
    const { state, paused } = await status();
    assertEquals([state, paused], ["running", NO_SPACE]);
    // Must not shut it down later on, either, when it has gone on.
    assertFailure(await box.task("arm-dev-shutdown"), {
      exit: 4,
      says: [
        `Cannot shut down guest "armdev": it is paused: ${NO_SPACE}`,
        "next: free space, then deno task arm-dev",
      ],
    });
    assertFailure(await box.task("arm-dev", start), {
      exit: 3,
      says: [`Guest "armdev" is paused: ${NO_SPACE}`, guestDir, "next: deno task gc"],
    });
    await disk.enlarge(300 * 2 ** 20);
    const again = await box.task("arm-dev", start);
    assertEquals(again.code, 0, again.stderr);
    assertStringIncludes(again.stderr, `was paused (${NO_SPACE}), and continues`);
    const { code, stdout, stderr } = await writing;
    assertEquals([code, stdout], [0, "whole\n"], stderr);
    const stopped = await box.task("arm-dev-shutdown", ["--json"]);
    assertMatch(documentOf(stopped).by, /^(ssh|power button)$/);
  };
  await step("a guest that fills the host's disk waits for space", fill, missing);

  await step("ssh --start starts it, with what was on its disk", async () => {
    const { code, stdout, stderr } = await box.task("arm-dev-ssh", [
      ...["--start", "--plain", ...start, "--", "cat", "/home/armdev/note"],
    ]);
    assertEquals([code, stdout], [0, "kept\n"], stderr);
  });

  await step("kill ends the recorded process, and not one of the same name", async () => {
    const record = await recordOf(box);
    await using decoy = await startDecoy(record);
    const outcome = await box.task("arm-dev-kill", ["--json"]);
    assertEquals([outcome.code, documentOf(outcome).pid], [0, record.qemu.pid]);
    assertEquals(await processStartTime(record.qemu.pid), undefined);
    assert(await decoy.runs());
    await box.assertClean();

    // As after a restart of the host: the pid is somebody else's by now.
    const stale = {
      ...record,
      bootId: "an-earlier-boot",
      qemu: { ...record.qemu, pid: decoy.pid, startTime: await processStartTime(decoy.pid) },
    };
    await Deno.writeTextFile(recordPath(box), JSON.stringify(stale));
    assertEquals((await status()).stale, "the host was restarted since");
    const again = await box.task("arm-dev-kill");
    assertEquals(again.code, 0);
    assertStringIncludes(
      again.stderr,
      'Cleared an old record of guest "armdev": the host was restarted since',
    );
    assert(await decoy.runs());
    assertEquals(await exists(recordPath(box)), false);
  });

  await step(
    "in the foreground its console is the terminal's, and it ends with the task",
    async () => {
      const foreground = box.start("arm-dev", [...start, "--foreground"], { terminal: true });
      await foreground.waitFor(/automatic login/);
      await foreground.type("echo $((6*7)) $(id -un)\r");
      await foreground.waitFor(/42 armdev/);
      // Ctrl-]
      await foreground.type("\x1d");
      assertEquals((await foreground.outcome).code, 0, foreground.output());
      await box.assertClean();
      assertEquals((await status()).state, "stopped");
    },
  );

  await step("reset asks for the guest's name, and destroys the guest alone", async () => {
    assertFailure(await box.task("arm-dev-reset"), {
      exit: 2,
      says: [`${guestDir}/disk.qcow2 (`, "next: deno task arm-dev-reset --yes"],
    });
    for (const [name, code] of [["armdve", 2], ["armdev", 0]] as const) {
      assert(await exists(join(guestDir, "disk.qcow2")));
      const reset = box.start("arm-dev-reset", [], { terminal: true });
      await reset.waitFor(/Type its name to continue:/);
      await reset.type(`${name}\r`);
      assertEquals((await reset.outcome).code, code, reset.output());
    }
    assertEquals(await exists(guestDir), false);
    assertEquals((await status()).state, "none");
    assertEquals(await listTree(project), before);
    await box.assertClean();
  });
});
