import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { diagnose } from "./diagnose.ts";
import { type Log, plainLines, readLog } from "./log_lines.ts";
import { renderFindings, renderTails } from "./render.ts";

const testdata = (file: string) => fromFileUrl(new URL(`testdata/${file}`, import.meta.url));

const logOf = (name: string, text: string): Log => ({ name, lines: plainLines(text) });
const idsOf = (...logs: Log[]) => diagnose(logs).map(({ id }) => id);

for (const file of ["healthy.console.log", "healthy_init.console.log", "healthy.log"]) {
  Deno.test(`diagnose() finds nothing in ${file} under any name`, async () => {
    const log = await readLog(testdata(file), file);
    assertEquals(diagnose([log]), []);
    assertEquals(diagnose([{ ...log, name: "-" }]), []);
  });
}

const PANIC = "[    2.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00006500\n";

Deno.test("diagnose() puts a module that failed before the panic that followed", () => {
  const text = `[module] ext4.ko: errno=2\n[init] status=64\n${PANIC}`;
  assertEquals(idsOf(logOf("x.console.log", text)), [
    "module-missing",
    "init-status-64",
    "panic-101",
  ]);
});

Deno.test("diagnose() takes the earlier of two causes, and a hint last", () => {
  const text = "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n" +
    '[init] execv failed: errno=8\n[    3.0] VFS: Cannot open root device "vda"\n';
  assertEquals(idsOf(logOf("x.console.log", text)), [
    "init-exec-format",
    "root-device",
    "rcu-stall",
  ]);
});

Deno.test("diagnose() explains a task's error by the output of its guest and QEMU", () => {
  const task = logOf(
    "logs/debian-arm64.log",
    '== Cannot start guest "debian-arm64": it was not ready within 120 s\n' +
      "ssh: ssh: connect to host 127.0.0.1 port 40022: Connection refused\n",
  );
  const console = logOf("logs/debian-arm64.console.log", "[agent] mount /proc: errno=16\n");
  const qemu = logOf(
    "logs/debian-arm64.qemu.log",
    "qemu-system-aarch64: Failed to write: No space left on device\n",
  );
  assertEquals(idsOf(task, console, qemu), [
    "host-disk-full",
    "agent-start",
    "not-ready",
    "ssh-refused",
  ]);
});

Deno.test("diagnose() tells an agent that never started from one that does not answer", () => {
  const task = logOf("debian-amd64.log", "== agent not ready within 30 s\n");
  const silent = logOf("debian-amd64.console.log", "[    1.0] systemd[1]: Hostname set\n");
  const talking = logOf("debian-amd64.console.log", "[agent] started\n");
  assertEquals(idsOf(task, silent), ["agent-silent"]);
  assertEquals(idsOf(task, talking), ["agent-unready"]);
});

Deno.test("diagnose() gives the place, the lines around it, and commands for that guest", () => {
  const text = "one\ntwo\nthree\n[init] execv failed: errno=13\nfive\nsix\nseven\n" +
    "[init] execv failed: errno=13\n";
  const [finding] = diagnose([logOf("logs/debian-arm64-2.console.log", text)]);
  assert(finding !== undefined);
  assertEquals([finding.file, finding.line, finding.count], [
    "logs/debian-arm64-2.console.log",
    4,
    2,
  ]);
  assertEquals(finding.excerpt.map(({ line }) => line), [2, 3, 4, 5, 6]);
  assertEquals(finding.title, "its first program cannot be run: EACCES, not allowed");
  assertEquals(finding.commands, ["deno task setup-images debian-arm64 --force"]);
});

Deno.test("diagnose() gives commands that microVM tasks accept", () => {
  const arch = Deno.build.arch;
  const text = "[init] execv failed: errno=13\nOut of memory: Killed process 1 (init) total\n";
  for (const task of ["vm-run", "check"]) {
    for (const name of [`${task}-raw-${arch}`, `${task}-raw-${arch}-2`]) {
      const findings = diagnose([logOf(`logs/${name}.console.log`, text)]);
      const commands = findings.flatMap(({ commands }) => commands);
      assert(commands.includes(`deno task build-images ${arch} --force`), name);
      assert(commands.includes("deno task vm-run raw --memory 4096 -- CMD"), commands.join("\n"));
      assert(!commands.some((one) => /setup-images|build-vm|raw-/.test(one)), commands.join("\n"));
    }
  }
  const [other] = diagnose([logOf("logs/vm-run-debian-arm64.console.log", text)]);
  assertEquals(other?.commands, ["deno task setup-images debian-arm64 --force"]);
});

Deno.test("diagnose() reads a run's log of GitHub Actions, with times and colours", () => {
  const text = [
    "build\tRun tests\t\uFEFF2026-11-21T10:00:00.1234567Z ##[group]Run deno task build-all",
    'build\tRun tests\t2026-11-21T10:01:00.1234567Z \x1b[31mCannot start guest "debian-arm64": ' +
    "its kernel panicked\x1b[0m",
    "build\tRun tests\t2026-11-21T10:01:00.1234568Z   | [module] ext4.ko: errno=8",
    `build\tRun tests\t2026-11-21T10:01:00.1234569Z   | ${PANIC.trim()}`,
    "build\tRun tests\t2026-11-21T10:01:00.1234570Z ##[error]Process completed with exit code 4.",
  ].join("\n");
  assertEquals(idsOf(logOf("run 42", text)), ["module-format", "panic-101"]);
});

Deno.test("diagnose() quotes a guest's text before it puts it into a command", () => {
  const text = "qemu-system-x86_64: Could not open '/x; reboot': No such file or directory\n";
  const [finding] = diagnose([logOf("x.qemu.log", text)]);
  assertEquals(finding?.commands, ["ls -l '/x; reboot'"]);
});

Deno.test("diagnose() does not mistake a project's output for a guest's", () => {
  const text = '== test: ["go","test"]\npanic: runtime error: index out of range\n' +
    "dial tcp 127.0.0.1:80: Connection refused\nwrite: Broken pipe\n";
  assertEquals(idsOf(logOf("debian-amd64.log", text)), []);
});

Deno.test("diagnose() is quick with a long log", () => {
  const noise = "[  100.000000] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n";
  const log = logOf("x.console.log", noise.repeat(20_000) + PANIC);
  const start = performance.now();
  assertEquals(idsOf(log), ["panic-101"]);
  assert(performance.now() - start < 10_000, `${performance.now() - start} ms`);
});

Deno.test("renderFindings() shows three, and counts the others", () => {
  const text = `[module] ext4.ko: errno=2\n[init] status=64\n${PANIC}` +
    "Give root password for maintenance\nrcu_sched self-detected stall\n";
  const shown = renderFindings(diagnose([logOf("x.console.log", text)]));
  assert(shown.startsWith("cause: its initramfs lacks the module ext4.ko [module-missing]\n"));
  assertEquals(shown.match(/^ {2}why: /gm)?.length, 3);
  assertStringIncludes(shown, "\n  > 1 | [module] ext4.ko: errno=2\n");
  assertStringIncludes(
    shown,
    "\n\n2 more, which mostly follow from these: emergency-mode, rcu-stall",
  );
});

Deno.test("renderTails() shows the ends of logs, and skips empty ones", () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`).join("");
  const text = renderTails([logOf("a.qemu.log", ""), logOf("b.log", lines)]);
  assertStringIncludes(text, "b.log, its last 8 of 20 lines:\n  | line 12\n");
  assert(!text.includes("a.qemu.log"));
  assertEquals(renderTails([logOf("a.log", "")]), "a.log is empty");
});
