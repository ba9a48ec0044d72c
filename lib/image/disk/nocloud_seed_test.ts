import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { findProgram } from "../../base/process/find_program.ts";
import { $ } from "../../base/process/dollar.ts";
import { makeNoCloudSeed, seedCommands } from "./nocloud_seed.ts";

const signal = new AbortController().signal;
const CONTENTS = { userData: "#cloud-config\n{}\n", metaData: '{"instance-id":"i"}\n' };

/** Makes a seed with one program; returns its path. */
async function seedBy(dir: string, program: "xorriso" | "mformat"): Promise<string> {
  const path = join(dir, "seed.img");
  await makeNoCloudSeed(path, CONTENTS, { signal, programs: [program] });
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  return path;
}

Deno.test({
  name: "makeNoCloudSeed() writes ISO 9660 with the label that cloud-init looks for",
  ignore: findProgram("xorriso") === undefined,
  async fn() {
    const dir = await Deno.makeTempDir();
    try {
      const path = await seedBy(dir, "xorriso");
      const bytes = await Deno.readFile(path);
      // ECMA-119, 8.4: the first volume descriptor is in sector 16, and its label at byte 40.
      const descriptor = bytes.subarray(16 * 2048, 17 * 2048);
      const text = (from: number, length: number) =>
        new TextDecoder().decode(descriptor.subarray(from, from + length)).trimEnd();
      assertEquals([text(1, 5), text(40, 32)], ["CD001", "cidata"]);
      const out = join(dir, "user-data");
      await $`xorriso -osirrox on -indev ${path} -extract /user-data ${out}`.noThrow();
      assertEquals(await Deno.readTextFile(out), CONTENTS.userData);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});

Deno.test({
  name: "makeNoCloudSeed() writes FAT where only mtools are installed",
  ignore: findProgram("mformat") === undefined,
  async fn() {
    const dir = await Deno.makeTempDir();
    try {
      const path = await seedBy(dir, "mformat");
      const { stdout } = await $`mlabel -s -i ${path} ${"::"}`;
      assertStringIncludes(stdout.toLowerCase(), "cidata");
      const out = join(dir, "meta-data");
      await $`mcopy -i ${path} ${"::meta-data"} ${out}`;
      assertEquals(await Deno.readTextFile(out), CONTENTS.metaData);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});

Deno.test("makeNoCloudSeed() names the programs of which one is needed", async () => {
  const none = makeNoCloudSeed("/nowhere/seed", CONTENTS, { signal, programs: [] });
  const error = await assertRejects(() => none, HostError, "no program for it is here");
  assertStringIncludes(error.next ?? "", "check --install");
});

Deno.test("seedCommands() gives each program the label and the files", () => {
  for (const program of ["xorriso", "genisoimage", "mkisofs", "hdiutil", "mformat"] as const) {
    const commands = seedCommands(program, "/out", ["/dir/user-data", "/dir/meta-data"]);
    const words = commands.flat();
    assert(words.includes("cidata"), program);
    assert(words.includes("/out"), program);
    assert(words.includes("/dir/user-data") || words.includes("/dir"), program);
  }
});
