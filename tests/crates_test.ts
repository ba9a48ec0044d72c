// Compiles the crates of images/: format, lints and tests of what runs in guests.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { root } from "../lib/base/files/paths.ts";

const CHECKS = [
  ["fmt", "--check"],
  ["clippy", "--quiet", "--locked", "--all-targets", "--", "-D", "warnings"],
  ["test", "--quiet", "--locked"],
];

for (const crate of ["tiny-init", "guest-agent"]) {
  for (const args of CHECKS) {
    Deno.test(`cargo ${args[0]} finds no fault in ${crate}`, async () => {
      // Debian's toolchain, if it is there, before one of rustup's without these targets.
      const env = { PATH: `/usr/bin:${Deno.env.get("PATH")}`, CARGO_TERM_COLOR: "never" };
      const { code, stderr, stdout } = await $`cargo ${args}`.cwd(join(root, "images", crate))
        .env(env).noThrow();
      assertEquals(code, 0, stdout + stderr);
    });
  }
}
