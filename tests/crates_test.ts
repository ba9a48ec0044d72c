// Compiles the crates of images/: format, lints and tests of what runs in guests.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { root } from "../lib/base/files/paths.ts";

const CHECKS = [
  ["fmt", "--check"],
  ["clippy", "--quiet", "--locked", "--all-targets", "--", "-D", "warnings"],
  ["test", "--quiet", "--locked"],
];

for (const crate of ["tiny-init", "guest-agent"]) {
  for (const args of CHECKS) {
    Deno.test(`cargo ${args[0]} finds no fault in ${crate}`, async () => {
      const { code, stderr, stdout } = await new Deno.Command("cargo", {
        args,
        cwd: join(root, "images", crate),
        // Debian's toolchain, if it is there, before one of rustup's without these targets.
        env: { PATH: `/usr/bin:${Deno.env.get("PATH")}`, CARGO_TERM_COLOR: "never" },
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      assertEquals(code, 0, text(stdout) + text(stderr));
    });
  }
}
