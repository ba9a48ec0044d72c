import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../base/errors.ts";
import { microNetwork } from "./micro_options.ts";

Deno.test("microNetwork() is closed by default, and takes no rule of a platform", () => {
  assertEquals(microNetwork(undefined, "raw"), "none");
  assertEquals(microNetwork("user", "raw"), "user");
  for (const rule of ["internet", "open", "example.org", ""]) {
    assertThrows(() => microNetwork(rule, "raw"), UsageError, 'with variant "raw"');
  }
});
