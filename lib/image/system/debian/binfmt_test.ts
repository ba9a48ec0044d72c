import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { root } from "../../../base/files/paths.ts";
import { $ } from "../../../base/process/dollar.ts";
import { haveProgram } from "../../../base/host_testing.ts";
import { ensureBinfmt } from "./binfmt.ts";

const FOREIGN = Deno.build.arch === "x86_64" ? "aarch64" : "x86_64";

/** A program of the foreign architecture that prints "ok"; comes with mmdebstrap. */
const PROGRAM = `/usr/lib/arch-test/${FOREIGN === "aarch64" ? "arm64" : "amd64"}`;

/** The status of the foreign program, 126 or 127 if the kernel cannot run it, and what it says. */
async function runForeign(): Promise<string> {
  const { code, stdout } = await $`sh -c ${'"$0"'} ${PROGRAM}`.noThrow();
  return `${code} ${stdout.trim()}`.trim();
}

/** Whether root may add a rule here, which a container often forbids, and none is in use. */
async function mayRegister(): Promise<boolean> {
  const maybe = Deno.build.os === "linux" && Deno.uid() === 0 && haveProgram(PROGRAM) &&
    haveProgram(`qemu-${FOREIGN}-static`) && (await runForeign()) !== "0 ok";
  if (!maybe) return false;
  await using binfmt = await ensureBinfmt(FOREIGN);
  return binfmt.kind === "emulated";
}

const canRegister = await mayRegister();

Deno.test("ensureBinfmt() has nothing to do for the host's own architecture", async () => {
  await using binfmt = await ensureBinfmt(Deno.build.arch);
  assertEquals([binfmt.kind, binfmt.reason], ["native", "the host's own architecture"]);
});

Deno.test({
  name: "ensureBinfmt() makes foreign programs run until the last of its users is disposed",
  ignore: !canRegister,
  async fn() {
    {
      const first = await ensureBinfmt(FOREIGN);
      await using second = await ensureBinfmt(FOREIGN);
      for (const { kind, reason } of [first, second]) {
        assertEquals(kind, "emulated", reason);
        assertMatch(reason, /^registered \/usr\/\S*qemu-\w+-static with binfmt_misc$/);
      }
      assertEquals(await runForeign(), "0 ok");
      await first[Symbol.asyncDispose]();
      assertEquals(await runForeign(), "0 ok");
      assertEquals(second.kind, "emulated");
      // The host's own programs are not taken for foreign ones.
      assertEquals(await $`true`.code(), 0);
    }
    assert(await runForeign() !== "0 ok", "the rule should be gone");
  },
});

/** What a program says that asks so many times at once where no rules are shown, as in a container. */
async function askInContainer(times: number): Promise<string> {
  const module = new URL("./binfmt.ts", import.meta.url);
  const ask = `import { ensureBinfmt } from "${module}";
    const all = await Promise.all(Array.from({ length: ${times} }, () => ensureBinfmt("${FOREIGN}")));
    for (const { kind, reason } of all) console.log(kind, reason);
    for (const binfmt of all) await binfmt[Symbol.asyncDispose]();`;
  const hide = 'mount -t tmpfs none /proc/sys/fs/binfmt_misc && exec "$@"';
  const deno = [Deno.execPath(), "eval", "--quiet", "--config", join(root, "deno.json"), ask];
  const { stdout, stderr } = await $`unshare --mount sh -c ${hide} sh ${deno}`;
  return stdout + stderr;
}

Deno.test({
  name: "ensureBinfmt() accepts a rule that it cannot see, as in a container",
  ignore: !canRegister,
  async fn() {
    await using _rule = await ensureBinfmt(FOREIGN);
    assertMatch(
      await askInContainer(1),
      /^emulated the kernel runs them, by a rule that is not visible from here\n$/,
    );
  },
});

Deno.test({
  name: "ensureBinfmt() makes one rule for several that ask at once, and removes it",
  ignore: !canRegister,
  async fn() {
    for (let round = 0; round < 3; round++) {
      assertMatch(await askInContainer(4), /^(emulated registered \S+ with binfmt_misc\n){4}$/);
      assert(await runForeign() !== "0 ok", "the rule should be gone");
    }
  },
});

Deno.test({
  name: "ensureBinfmt() says why foreign programs cannot run for an ordinary user",
  ignore: Deno.uid() === 0 || !haveProgram(`qemu-${FOREIGN}-static`) ||
    (haveProgram(PROGRAM) && (await runForeign()) === "0 ok"),
  async fn() {
    await using binfmt = await ensureBinfmt(FOREIGN);
    assertEquals(binfmt.kind, "none");
    assertEquals(binfmt.reason, "binfmt_misc has no rule for it, and only root may add one");
  },
});
