import { assertEquals, assertMatch } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { parseNixError, placeText } from "./nix_error.ts";

const FILES = ["default.nix", "local.nix", "modules/base.nix", "modules/ssh.nix"];
const testdata = join(dirname(fromFileUrl(import.meta.url)), "testdata");

const CASES: readonly [file: string, place: string | undefined, message: RegExp, drawn: number][] =
  [
    // What Nix 2.8 said of these very files.
    ["syntax-2.8", "nix/modules/ssh.nix:6:14", /^syntax error, unexpected '='/, 4],
    ["undefined-2.8", "nix/modules/base.nix:17:21", /^undefined variable 'tru'$/, 4],
    ["type-2.8", "nix/local.nix", /^A definition for option `armDev.uid' is not of type/, 0],
    ["option-2.8", "nix/local.nix", /^The option `opensh' does not exist/, 0],
    // The newer form: the way there first, then what is wrong.
    ["syntax-2.24", "nix/modules/ssh.nix:6:14", /^syntax error, unexpected '='/, 4],
    ["build-2.24", undefined, /^builder for '.*' failed with exit code 1;$/, 0],
  ];

for (const [name, place, message, drawn] of CASES) {
  Deno.test(`parseNixError() reads ${name}`, async () => {
    const text = await Deno.readTextFile(join(testdata, `${name}.txt`));
    const error = parseNixError(text, FILES);
    assertEquals(error && placeText(error), place);
    assertMatch(error?.message ?? "", message);
    assertEquals(error?.excerpt.length, drawn);
  });
}

Deno.test("parseNixError() ignores colours, and finds no error in a success", () => {
  const red =
    "\x1b[31;1merror:\x1b[0m undefined variable 'x'\n at \x1b[35;1m/etc/nixos/local.nix:1:3\x1b[0m:";
  const error = parseNixError(red, FILES);
  assertEquals(error && placeText(error), "nix/local.nix:1:3");
  assertEquals(parseNixError("building...\nactivating\n", FILES), undefined);
});
