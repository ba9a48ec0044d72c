import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { root } from "../../base/files/paths.ts";

const { permissions } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));

/** The sets that name a program. */
const setsWith = (program: string) =>
  Object.entries<{ run?: string[] | true }>(permissions)
    .filter(([, { run = [] }]) => run !== true && run.includes(program)).map(([set]) => set).sort();

Deno.test("only the installer's set names programs that may install", () => {
  for (const program of ["brew", "rustup", "sudo"]) assertEquals(setsWith(program), ["install"]);
});

Deno.test("only tasks that run the user's own steps or make images may run a shell", () => {
  const images = ["arm-dev-init", "build-all", "build-guest-agent", "build-images", "build-vm"];
  const parts = ["build-kernel", "build-native", "build-qcow2", "extract-kernel", "setup-images"];
  const others = ["bench", "provision-manual", "test-task", "vm-run"];
  assertEquals(setsWith("sh"), [...images, ...parts, ...others].sort());
});
