import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { verdictsDir } from "../../base/files/paths.ts";
import { haveProgram, sandbox } from "../../base/host_testing.ts";
import type { ToolNeed } from "./tool_table.ts";
import {
  checkTools,
  describeVerdict,
  programIdentity,
  toolsFor,
  type ToolVerdict,
} from "./tools.ts";

const LINUX: ToolNeed = {
  os: "linux",
  arch: "x86_64",
  distroId: "debian",
  isRoot: true,
  guestArchs: ["x86_64"],
};

Deno.test("toolsFor() selects tools by the circumstances", () => {
  const names = (need: Partial<ToolNeed>, ...groups: ("image" | "binfmt" | "vm")[]) =>
    toolsFor(groups, { ...LINUX, ...need }).map(({ name }) => name);
  const cases: [string[], string[], string[]][] = [
    [names({}, "vm"), ["qemu-system-x86_64", "qemu-img"], ["qemu-system-aarch64"]],
    [names({ guestArchs: ["aarch64"] }, "vm"), ["qemu-system-aarch64"], ["qemu-system-x86_64"]],
    [names({}, "image", "binfmt"), ["mmdebstrap"], ["arch-test", "newuidmap", "gpg"]],
    [names({ isRoot: false }, "image"), ["newuidmap", "unshare"], []],
    [names({ distroId: "ubuntu" }, "image"), ["gpg"], []],
    [
      names({ guestArchs: ["aarch64", "x86_64"] }, "image", "binfmt"),
      ["arch-test", "qemu-aarch64-static"],
      ["qemu-x86_64-static"],
    ],
    // Without root, an image for a foreign architecture configures itself at its first boot.
    [names({ guestArchs: ["aarch64"], isRoot: false }, "binfmt"), [], ["qemu-aarch64-static"]],
  ];
  for (const [found, wanted, unwanted] of cases) {
    for (const name of wanted) assert(found.includes(name), `${name} is not in ${found}`);
    for (const name of unwanted) assert(!found.includes(name), `${name} is in ${found}`);
  }
  assertEquals(names({}, "vm", "image").filter((name) => name === "qemu-img").length, 1);
});

/** The verdicts on the tools of guests of one architecture, by name. */
async function checkIn(searchPath: string): Promise<Record<string, ToolVerdict>> {
  const verdicts = await checkTools(["vm"], { searchPath, guestArchs: ["x86_64"] });
  return Object.fromEntries(verdicts.map((verdict) => [verdict.tool.name, verdict]));
}

Deno.test({
  name: "checkTools() asks real programs for their versions",
  ignore: !haveProgram("rsync"),
  async fn() {
    await using box = await sandbox();
    await box.link("rsync");
    const { rsync, ssh } = await checkIn(box.path);
    assertEquals(rsync?.status, "ok");
    assertMatch(rsync?.version ?? "", /^3\.\d+/);
    assertEquals(rsync?.path, join(box.path, "rsync"));
    assertEquals(ssh?.status, "missing");
    assertEquals(describeVerdict(ssh!), "ssh is missing (runs commands in guests)");
  },
});

Deno.test("checkTools() tells old and broken programs from missing ones", async () => {
  await using box = await sandbox();
  await box.script("qemu-img", 'echo "qemu-img version 5.2.0 (Debian 1:5.2+dfsg-11)"');
  await box.script("rsync", "exit 1");
  await box.script("ssh", "echo hello");
  await box.script(
    "qemu-system-x86_64",
    "echo 'error while loading shared libraries: not found' >&2; exit 127",
  );
  const found = await checkIn(box.path);
  const statuses = Object.values(found).map(({ tool, status }) => [tool.name, status]);
  // Looked for in directories of the system too.
  const { mke2fs: _, ...others } = Object.fromEntries(statuses);
  assertEquals(others, {
    "qemu-img": "too old",
    "qemu-system-x86_64": "broken",
    "ssh": "broken",
    "ssh-keygen": "missing",
    "rsync": "broken",
  });
  assertEquals(
    describeVerdict(found["qemu-img"]!),
    `qemu-img 5.2.0 is older than 7.2 (${box.path}/qemu-img)`,
  );
  assertEquals(
    describeVerdict(found.rsync!),
    `rsync does not tell its version (${box.path}/rsync)`,
  );
});

Deno.test("checkTools() asks a program once, and again when its file has changed", async () => {
  await using box = await sandbox();
  const log = join(box.path, "calls");
  const install = (version: string) =>
    box.script(
      "rsync",
      `echo asked >>'${log.replaceAll("'", `'\\''`)}'
echo "rsync  version ${version}  protocol version 31"`,
    );
  const calls = async () => (await Deno.readTextFile(log)).split("\n").length - 1;
  await install("3.2.7");
  assertEquals((await checkIn(box.path)).rsync?.version, "3.2.7");
  assertEquals((await checkIn(box.path)).rsync?.version, "3.2.7");
  assertEquals(await calls(), 1);
  await install("3.11.0");
  assertEquals((await checkIn(box.path)).rsync?.version, "3.11.0");
  assertEquals(await calls(), 2);
  await Deno.writeTextFile(join(verdictsDir(), "tools.json"), '{"/usr/bin/rsync": {"version": 1}}');
  assertEquals((await checkIn(box.path)).rsync?.version, "3.11.0");
  assertEquals(await calls(), 3);
});

Deno.test("checkTools() runs nothing if it only looks for files", async () => {
  await using box = await sandbox();
  await box.script("rsync", "exit 1");
  const verdicts = await checkTools(["vm"], { searchPath: box.path, skipVersions: true });
  assertEquals(verdicts.find(({ tool }) => tool.name === "rsync")?.status, "ok");
});

Deno.test("programIdentity() changes with the program", async () => {
  await using box = await sandbox();
  const path = await box.script("tool", "echo 1.2.3");
  const before = await programIdentity(path);
  assertMatch(before ?? "", / 1\.2\.3 \(/);
  assertEquals(await programIdentity(path), before);
  await box.script("tool", "echo 1.2.3; true");
  assert(await programIdentity(path) !== before);
  assertEquals(await programIdentity(join(box.path, "none")), undefined);
});
