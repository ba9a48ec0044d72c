import { assertEquals } from "@std/assert";
import { tidyText } from "./tidy_text.ts";

Deno.test("tidyText() shows what was freed on both sides, and what failed", () => {
  const text = tidyText("armdev", {
    guest: { before: 3 * 2 ** 30, after: 2 * 2 ** 30, won: 2 ** 30 },
    host: { before: 2048, after: 4096, won: -2048 },
    faults: [{
      ...{ what: "Nix store", command: "nix-collect-garbage", status: 127 },
      output: ["not found"],
    }],
  });
  assertEquals(text.split("\n"), [
    "                       before    after       won",
    'in guest "armdev"     3.0 GiB  2.0 GiB   1.0 GiB',
    "its disk's file here  2.0 KiB  4.0 KiB  -2.0 KiB",
    "failed: Nix store: status 127 of nix-collect-garbage",
    "  not found",
  ]);
});
