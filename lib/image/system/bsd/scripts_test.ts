import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { haveProgram } from "../../../base/host_testing.ts";
import { findProgram } from "../../../base/process/find_program.ts";
import { root } from "../../../base/files/paths.ts";
import { $ } from "../../../base/process/dollar.ts";
import { SHARED_SCRIPT } from "./scripts.ts";

const SCRIPTS = [SHARED_SCRIPT, "provision/freebsd.sh", "provision/netbsd.sh"];

Deno.test("the scripts of BSDs are POSIX shell, in lines that a terminal takes", async () => {
  for (const script of SCRIPTS) {
    const text = await Deno.readTextFile(join(root, script));
    // The most that RootShell types.
    assertEquals(text.split("\n").filter((line) => line.length > 200 || /[^ -~]/.test(line)), []);
    assertEquals(await $`sh -n ${join(root, script)}`.code(), 0);
  }
});

Deno.test({
  name: "the scripts of BSDs are clean for shellcheck",
  ignore: !haveProgram(findProgram("shellcheck")?.path ?? "/no/shellcheck"),
  async fn() {
    const files = SCRIPTS.map((script) => join(root, script));
    assertEquals(await $`shellcheck --external-sources ${files}`.code(), 0);
  },
});
