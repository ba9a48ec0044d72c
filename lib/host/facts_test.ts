import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  freeDiskBytes,
  hostFacts,
  hostIdentity,
  memoryLimitFiles,
  parseOsRelease,
} from "./facts.ts";
import { $ } from "../base/process/dollar.ts";

Deno.test("hostFacts() describes this host", async () => {
  const facts = await hostFacts();
  assertEquals(facts.arch, Deno.build.arch);
  assertEquals(facts.isRoot, Deno.uid() === 0);
  assert(facts.cores >= 1 && Number.isInteger(facts.cores));
  assert(facts.memoryMiB > 128, `${facts.memoryMiB} MiB`);
  assert(facts.availableMemoryMiB <= facts.memoryMiB);
  assert(Number.isInteger(facts.availableMemoryMiB));
  assert(facts.distro.length > 0 && facts.distroId.length > 0);
});

Deno.test("hostIdentity() names this boot", async () => {
  const { bootId, cpuModel } = await hostIdentity();
  if (Deno.build.os === "linux") {
    const { stdout } = await $`cat /proc/sys/kernel/random/boot_id`;
    assertEquals(bootId, stdout.trim());
  } else {
    assert(bootId !== undefined);
  }
  assert(cpuModel.length > 0);
});

Deno.test("memoryLimitFiles() has the limits of every control group on the way up", () => {
  const root = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
  assertEquals(memoryLimitFiles("0::/user.slice/job.scope\n"), [
    "/sys/fs/cgroup/user.slice/job.scope/memory.max",
    "/sys/fs/cgroup/user.slice/memory.max",
    "/sys/fs/cgroup/memory.max",
    root,
  ]);
  assertEquals(memoryLimitFiles("9:cpu:/x\n4:memory:/slurm/job_1\n0::/\n"), [
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/slurm/job_1/memory.limit_in_bytes",
    "/sys/fs/cgroup/memory/slurm/memory.limit_in_bytes",
    root,
  ]);
  // As in a container, whose own group is the root of what it sees.
  assertEquals(memoryLimitFiles(""), ["/sys/fs/cgroup/memory.max", root]);
});

Deno.test("parseOsRelease() reads quoted, bare and missing values", () => {
  assertEquals(
    parseOsRelease('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian"\nID=debian\n'),
    { id: "debian", name: "Debian GNU/Linux 12 (bookworm)" },
  );
  assertEquals(parseOsRelease("ID='arch'\nNAME=Arch\n"), { id: "arch", name: "Arch" });
  assertEquals(parseOsRelease('ID=x\nPRETTY_NAME="A \\"B\\""'), { id: "x", name: 'A "B"' });
  assertEquals(parseOsRelease(""), { id: "linux", name: "linux" });
});

Deno.test("freeDiskBytes() answers for a path that is not there yet", async () => {
  const folder = await Deno.makeTempDir({ prefix: "guesthouse-facts-" });
  try {
    assert(await freeDiskBytes(`${folder}/not/there/yet`) > 0);
  } finally {
    await Deno.remove(folder);
  }
});

Deno.test("freeDiskBytes() reports a path through a file", async () => {
  const file = await Deno.makeTempFile({ prefix: "guesthouse-facts-" });
  try {
    await assertRejects(() => freeDiskBytes(`${file}/below`), Error, "ENOTDIR");
  } finally {
    await Deno.remove(file);
  }
});
