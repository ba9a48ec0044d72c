import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { root } from "../lib/base/files/paths.ts";
import { haveProgram, type Sandbox, sandbox } from "../lib/base/host_testing.ts";
import { type Arch, ARCHS, MICRO_ARCHS } from "../lib/config/archs.ts";

/** Runs the task as users do, so that its permission set is tested as well. */
async function check(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "check", ...args],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out!, stderr: err! };
}

/** A host on which nothing is found but the means to look, and what the test puts there. */
async function bareHost(): Promise<Sandbox> {
  const box = await sandbox();
  for (const program of ["sh", "grep", "sleep", "dirname", "touch", "ln"]) await box.link(program);
  return box;
}

Deno.test("check reports the host, its tools, accelerators and firmware", async () => {
  await using _box = await sandbox();
  const { stdout, stderr } = await check(["--for", "build-native"]);
  for (const heading of ["Host", "Tools", "Accelerators", "UEFI firmware"]) {
    assertMatch(stdout, new RegExp(`^${heading}`, "m"));
  }
  assertMatch(stdout, new RegExp(`system +.*, ${Deno.build.arch}`));
  assertEquals(stderr.replace("==> Try the accelerators\n", ""), "");
});

Deno.test("check warns of an rsync that believes a hostile guest, and passes", async () => {
  await using box = await bareHost();
  await box.script("rsync", "echo 'rsync  version 3.2.4  protocol version 31'");
  const { stdout, stderr } = await check(["--for", "vm"], { PATH: box.path });
  assertMatch(stdout, /^ +rsync +3\.2\.4 +3\.2\.3 +ok /m);
  assertMatch(stderr, /rsync 3\.2\.4 .* believes a hostile guest.* Upgrade it to 3\.4\.0/);
});

Deno.test("check --json prints one document that agrees with the exit status", async () => {
  await using _box = await sandbox();
  const { code, stdout } = await check(["--json"]);
  const report = JSON.parse(stdout);
  assertEquals(code, report.ok ? 0 : 3);
  assertEquals(report.host.arch, Deno.build.arch);
  assert(report.host.cores >= 1 && report.host.freeDiskBytes > 0);
  // Others only where their emulator is installed.
  const archs: Arch[] = report.guests.map(({ arch }: { arch: Arch }) => arch);
  assertEquals(archs.filter((arch) => MICRO_ARCHS.includes(arch)), MICRO_ARCHS);
  assertEquals(archs.every((arch) => ARCHS.includes(arch)), true);
  for (const tool of report.tools) {
    assert(["ok", "missing", "too old", "broken"].includes(tool.status), tool.name);
    assert(tool.status !== "ok" || tool.path.startsWith("/"), tool.name);
  }
});

Deno.test("check names the task nearest to an unknown one", async () => {
  const { code, stdout, stderr } = await check(["--for", "build-everything"]);
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^Cannot run "check": unknown --for "build-everything"/);
  assertStringIncludes(stderr, "--for is one of build-all, setup-images,");
});

Deno.test("check exits 3 on a host without tools, and says what to do", async () => {
  await using box = await bareHost();
  const { code, stdout, stderr } = await check(["--for", "build-vm"], { PATH: box.path });
  assertEquals(code, 3);
  assertMatch(stdout, /^ +qemu-img +7\.2 +missing +makes disk images and overlays$/m);
  assertMatch(stdout, /^ +x86_64 +unknown +qemu-system-x86_64 is missing$/m);
  assertMatch(stderr, /^Cannot continue: this host lacks qemu-img, .*rsync$/m);
  assertMatch(stderr, /^ {2}next: install by hand: qemu-img, /m);
});

/** `apt-get` on such a host: what it "installs" are links to the programs of this one. */
async function addAptGet(box: Sandbox): Promise<void> {
  const programs = ["qemu-img", "qemu-system-x86_64", "qemu-system-aarch64", "ssh", "ssh-keygen"];
  const links = [...programs, "rsync"].map((name) => `ln -s "$(command -v ${name})" ${name}`);
  await box.script(
    "apt-get",
    `cd "$(dirname "$0")" && echo "$*" >>calls
PATH=/usr/local/bin:/usr/bin:/bin
case "$*" in *install*) ${links.join("; ")};; esac`,
  );
}

const ignore = Deno.uid() !== 0 || Deno.build.os !== "linux" ||
  !["/usr/bin/qemu-img", "/usr/bin/qemu-system-x86_64", "/usr/bin/qemu-system-aarch64"]
    .every((path) => haveProgram(path)) ||
  !["rsync", "ssh"].every((name) => haveProgram(`/usr/bin/${name}`));

Deno.test({
  name: "check without --install, or with --dry-run, installs nothing",
  ignore,
  async fn() {
    await using box = await bareHost();
    await addAptGet(box);
    const asked = await check(["--for", "build-vm", "--json"], { PATH: box.path });
    const { ok, error, install } = JSON.parse(asked.stdout);
    assertEquals([asked.code, ok, error.exit], [3, false, 3]);
    assertMatch(error.next, / task check --install --for build-vm --yes$/);
    assertMatch(install.text, /apt-get .* install -y --no-install-recommends qemu-utils /);
    const unattended = await check(["--install", "--for", "build-vm"], { PATH: box.path });
    assertEquals(unattended.code, 3);
    assertMatch(unattended.stderr, /next: .* task check --install --for build-vm --yes$/m);
    const dry = await check(["--install", "--for", "build-vm", "--dry-run"], { PATH: box.path });
    assertEquals([dry.code, dry.stdout], [0, `${install.text}\n`]);
    assertEquals(haveProgram(`${box.path}/calls`), false);
  },
});

Deno.test({
  name: "check --install --yes installs, starts again, and finds the new tools",
  ignore,
  async fn() {
    await using box = await bareHost();
    await addAptGet(box);
    const env = { PATH: box.path };
    const args = ["--install", "--for", "build-vm", "--yes", "--json"];
    const { code, stdout, stderr } = await check(args, env);
    assertEquals(code, 0, stderr);
    assertMatch(stderr, /^==> Install qemu-img, .*rsync$/m);
    const { ok, tools } = JSON.parse(stdout);
    assertEquals(ok, true);
    const rsync = tools.find(({ name }: { name: string }) => name === "rsync");
    assertEquals([rsync.status, rsync.path], ["ok", `${box.path}/rsync`]);
    const calls = (await Deno.readTextFile(`${box.path}/calls`)).trim().split("\n");
    assertMatch(calls.at(-1)!, / install -y --no-install-recommends .*rsync$/);
  },
});
