import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { formatError } from "../base/errors.ts";
import { makeScratch } from "../base/process/scratch.ts";
import { debianSource, explainNix, nixosSource } from "./update_source.ts";

const FILES = ["local.nix", "modules/ssh.nix"];
const testdata = join(dirname(fromFileUrl(import.meta.url)), "../dev/flavour/nixos/testdata");

Deno.test("explainNix() says the file and the line first", async () => {
  const lines = (await Deno.readTextFile(join(testdata, "syntax-2.24.txt"))).split("\n");
  const text = formatError(explainNix("armdev", lines, FILES));
  assertEquals(
    text,
    `Cannot update guest "armdev": nix/modules/ssh.nix:6:14: syntax error, unexpected '=', expecting ';'
              5|     # The one kind of key that the host pins.
              6|     hostKeys = [{ type = "ed25519"; path = "/etc/ssh/ssh_host_ed25519_key"; }];
               |              ^
              7|     settings = {
  nothing has changed in the guest
  next: edit nix/modules/ssh.nix:6:14`,
  );
});

Deno.test("explainNix() shows the last lines of errors that it does not know", () => {
  const error = explainNix("armdev", ["copying 2 paths", "error: cannot connect"], FILES);
  assertEquals(error.message, 'Cannot update guest "armdev": cannot connect');
  assertEquals(error.details, ["copying 2 paths", "error: cannot connect"]);
  assertEquals(error.next, "deno task arm-dev-update --verbose");
  assertStringIncludes(explainNix("armdev", ["killed"], FILES).message, "nixos-rebuild failed");
});

Deno.test("an update sends the configuration with this host's settings", async () => {
  const source = await nixosSource({
    config: { name: "a", user: "me", share: { name: "p" } },
    guestIds: { uid: 1000, gid: 1000 },
    authorizedKeys: [],
    mount: undefined,
  });
  await using scratch = await makeScratch("update");
  await source.fill(scratch.path);
  assertStringIncludes(await Deno.readTextFile(join(scratch.path, "nix/local.nix")), 'user = "me"');
  await debianSource.fill(scratch.path);
  const sent = await Array.fromAsync(Deno.readDir(scratch.path), ({ name }) => name);
  assertEquals(sent.sort(), ["nix", "provision.sh"]);
});
