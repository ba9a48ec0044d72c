import { assertEquals, assertRejects } from "@std/assert";
import { GuestError } from "../base/errors.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { parseUsed, tidyCommands, tidyGuest } from "./tidy.ts";

/** A guest that answers as told, and remembers what it was asked. */
function answering(answer: (argv: readonly string[]) => { code: number; text: string }) {
  const asked: string[] = [];
  const ssh: Pick<SshConnection, "name" | "exec"> = {
    name: "x",
    exec(argv, options = {}) {
      asked.push(argv.join(" "));
      const { code, text } = answer(argv);
      options.onOutput?.(text, "stdout");
      return Promise.resolve({ code });
    },
  };
  return { ssh: ssh as SshConnection, asked };
}

const quiet = {
  onStep: () => {},
  log: () => {},
  signal: new AbortController().signal,
};

Deno.test("tidyGuest() trims last, and measures both sides before and after", async () => {
  const used = ["9000", "4000"];
  const host = [10_000, 6000];
  const { ssh, asked } = answering(([program]) => ({
    code: 0,
    text: program === "df" ? `    Used\n${used.shift()}\n` : "",
  }));
  const outcome = await tidyGuest({
    ...{ ...quiet, ssh },
    commands: [{ what: "store", argv: ["nix-collect-garbage", "--delete-old"] }],
    hostBytes: () => Promise.resolve(host.shift() ?? 0),
  });
  assertEquals(outcome, {
    guest: { before: 9000, after: 4000, won: 5000 },
    host: { before: 10_000, after: 6000, won: 4000 },
    faults: [],
  });
  assertEquals(asked[0], "df --block-size=1 --output=used /");
  assertEquals(asked[1], "nix-collect-garbage --delete-old");
  assertEquals(asked.slice(-3), [
    ...["sync", "sudo -n fstrim --verbose /", "df --block-size=1 --output=used /"],
  ]);
});

Deno.test("tidyGuest() continues after a program that fails, and shows its output", async () => {
  const { ssh, asked } = answering(([program]) =>
    program === "df"
      ? { code: 0, text: "Used\n1\n" }
      : { code: program === "nope" ? 127 : 0, text: "a\nb\nnope: not found\n" }
  );
  const { faults } = await tidyGuest({
    ...{ ...quiet, ssh },
    commands: [{ what: "store", argv: ["nope", "a b"] }],
    hostBytes: () => Promise.resolve(0),
  });
  assertEquals(faults, [{
    ...{ what: "store", command: "nope 'a b'", status: 127 },
    output: ["a", "b", "nope: not found"],
  }]);
  assertEquals(asked.some((command) => command.includes("fstrim")), true);
});

Deno.test("tidyGuest() refuses a guest that does not say how full it is", async () => {
  const { ssh } = answering(() => ({ code: 1, text: "df: what?" }));
  await assertRejects(
    () => tidyGuest({ ...quiet, ssh, commands: [], hostBytes: () => Promise.resolve(0) }),
    GuestError,
    'Cannot tidy guest "x": it does not say how full its disk is',
  );
});

Deno.test("parseUsed() reads the output of df only", () => {
  assertEquals(parseUsed("      Used\n 3195015168\n"), 3195015168);
  assertEquals(parseUsed("Used\n-\n"), undefined);
  assertEquals(parseUsed(""), undefined);
});

Deno.test("tidyCommands() puts the flavour's own in front", () => {
  const own = { what: "packages", argv: ["apt-get", "clean"] };
  const [first, ...rest] = tidyCommands([own]);
  assertEquals([first, rest.length], [own, 3]);
});
