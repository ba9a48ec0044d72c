import { assert, assertEquals } from "@std/assert";
import { choosePort, forwardArgs } from "./forward.ts";

Deno.test("forwardArgs() listens on the guest's loopback alone, and quotes the path for ssh", () => {
  assertEquals(forwardArgs(20001, "/run/a:b%h\\c/proxy"), [
    ...["-o", "ExitOnForwardFailure=yes"],
    ...["-R", "127.0.0.1:20001:/run/a\\:b%%h\\\\c/proxy"],
  ]);
});

Deno.test("choosePort() stays below the ports that Linux assigns automatically", () => {
  for (let i = 0; i < 1000; i++) {
    const port = choosePort();
    assert(port >= 20_000 && port < 32_000, String(port));
  }
});
