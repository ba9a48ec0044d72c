import { assert, assertEquals } from "@std/assert";
import { hostFacts, hostIdentity, parseOsRelease } from "./facts.ts";
import { dirname, join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { ownScript } from "../base/process/own_script.ts";
import { sandbox } from "../base/host_testing.ts";

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

Deno.test("kernel_facts.sh has the boot, the processor, and the limits of every control group on the way up", async () => {
  await using box = await sandbox();
  const script = ownScript("kernel_facts.sh", import.meta.url);
  const limitsOf = async (cgroups: string, files: Record<string, string>) => {
    const dir = await Deno.makeTempDir({ dir: box.path });
    const proc = {
      "proc/self/cgroup": cgroups,
      "proc/sys/kernel/random/boot_id": "boot\n",
      "proc/cpuinfo": "processor\t: 0\nmodel name\t: One: 2 GHz\nmodel name\t: Two\n",
    };
    const sys = Object.entries(files).map(([path, limit]) => [`sys/${path}`, limit] as const);
    for (const [path, text] of [...Object.entries(proc), ...sys]) {
      await Deno.mkdir(join(dir, dirname(path)), { recursive: true });
      await Deno.writeTextFile(join(dir, path), text);
    }
    const lines = await $`${script} ${join(dir, "proc")} ${join(dir, "sys")}`.lines();
    const [boot, model, ...limits] = lines;
    assertEquals([boot, model], ["boot", " One: 2 GHz"]);
    return limits;
  };
  const two = { "user.slice/job.scope/memory.max": "max\n", "user.slice/memory.max": "5\n" };
  assertEquals(await limitsOf("0::/user.slice/job.scope\n", two), ["max", "5"]);
  const one = {
    "memory/slurm/job_1/memory.limit_in_bytes": "7\n",
    "memory/memory.limit_in_bytes": "9223372036854771712\n",
  };
  const groups = "9:cpu:/x\n4:cpuset,memory:/slurm/job_1\n0::/\n";
  assertEquals(await limitsOf(groups, one), ["7", "9223372036854771712"]);
  // A container, whose own group is the root of what it sees.
  assertEquals(await limitsOf("0::/\n", { "memory.max": "3\n" }), ["3"]);
  assertEquals(await limitsOf("", { "memory.max": "3\n" }), []);
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
