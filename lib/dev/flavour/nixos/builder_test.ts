import { assertEquals } from "@std/assert";
import { findProgram } from "../../../base/process/find_program.ts";
import { claimsAarch64, findBuilder, type NixSettings } from "./builder.ts";

const CASES: readonly [name: string, settings: NixSettings, machines: string, able: boolean][] = [
  ["an aarch64 host", { system: { value: "aarch64-linux" } }, "", true],
  [
    "an emulated platform",
    { "extra-platforms": { value: ["i686-linux", "aarch64-linux"] } },
    "",
    true,
  ],
  ["another machine", {}, "ssh://arm aarch64-linux - 4", true],
  ["a Mac alone", { system: { value: "aarch64-darwin" } }, "", false],
  ["an x86-64 host", { system: { value: "x86_64-linux" } }, "ssh://big x86_64-linux", false],
  ["no settings", {}, "", false],
];

for (const [name, settings, machines, able] of CASES) {
  Deno.test(`claimsAarch64() is ${able} for ${name}`, () => {
    assertEquals(claimsAarch64(settings, machines), able);
  });
}

Deno.test({
  name: "findBuilder() makes no store on a host without a builder",
  ignore: findProgram("nix") === undefined || Deno.build.arch === "aarch64",
  fn: async () => {
    const before = await Deno.stat("/nix/store").then(() => true, () => false);
    const found = await findBuilder(new AbortController().signal);
    // A developer's own machine may have one.
    if (!found.able) {
      assertEquals(await Deno.stat("/nix/store").then(() => true, () => false), before);
    }
  },
});
