import { dirname, fromFileUrl, join } from "@std/path";

import { quoteWord, shellQuote } from "../../guest/quote.ts";
import { type CpioEntry, directory, file } from "../../image/format/cpio.ts";

/** What runs in the guest. */
const SOURCES = join(dirname(fromFileUrl(import.meta.url)), "../../../provision/dev_shell");

/** A file of the scripts for the guest. They are small, so they are read synchronously. */
export const devSource = (name: string) => Deno.readTextFileSync(join(SOURCES, name));

/** The self-contained guest command line that runs a command, or a login shell, in the project. */
export function devShellCommand(
  guestDir: string,
  argv: readonly string[] = [],
): string {
  return shellQuote(["sh", "-c", devSource("dev_shell.sh"), "dev-shell", guestDir, ...argv]);
}

/**
 * Archive entries for guests without nix-direnv: a hook of login shells, a cache of evaluations.
 */
export function devShellSeed(guestDir: string): CpioEntry[] {
  const lib = "seed/usr/local/lib/guesthouse";
  const dirs = [
    ...["seed/usr", "seed/usr/local", "seed/usr/local/lib", lib, `${lib}/shell`],
    ...["seed/etc/profile.d", "seed/etc/guesthouse/direnv"],
  ];
  const share = quoteWord(guestDir);
  return [
    ...dirs.map((path) => directory(path)),
    file(`${lib}/dev-env`, devSource("dev-env"), 0o755),
    file(`${lib}/shell/.envrc`, `cd ${share} && use nix\n`),
    file(
      "seed/etc/profile.d/guesthouse-shell.sh",
      `_guesthouse_share=${share}\n${devSource("hook.sh")}`,
    ),
    file("seed/etc/guesthouse/direnv/direnvrc", devSource("direnvrc")),
    // The project is trusted: the guest exists for it.
    file(
      "seed/etc/guesthouse/direnv/direnv.toml",
      `[whitelist]\nprefix = [${tomlText(`${guestDir}/`)}, "/usr/local/lib/guesthouse/shell/"]\n`,
    ),
  ];
}

/** A basic string of TOML; JSON's is one too. */
const tomlText = (text: string) => JSON.stringify(text);
