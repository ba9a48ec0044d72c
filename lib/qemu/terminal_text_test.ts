import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { plainLine } from "./terminal_text.ts";

const cases: [string, string][] = [
  ["plain", "plain"],
  ["\x1b[2J\x1b[01;01HBdsDxe: failed", "BdsDxe: failed"],
  ["[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mssh\x1b[0m.\r", "[  OK  ] Started ssh."],
  ["\x1b]0;title\x07after", "after"],
  ["\x1b]0;title\x1b\\after", "after"],
  ["\x1bcafter", "after"],
  [" 10%\r 20%\r 30%\r", " 30%"],
  ["tab\tstays\x07\x00\x7f", "tab\tstays"],
  ["cut off \x1b[", "cut off"],
  ["grüße 日本語", "grüße 日本語"],
  ["\r\r", ""],
];

for (const [line, plain] of cases) {
  Deno.test(`plainLine() shows ${JSON.stringify(line)} as a person sees it`, () => {
    assertEquals(plainLine(line), plain);
  });
}

Deno.test("plainLine() lets no control character but the tab through", () => {
  const noise = fc.string({
    unit: fc.constantFrom("\x1b", "[", "]", "m", "0", ";", "\x07", "\x9b", "a"),
  });
  fc.assert(fc.property(noise, (line) => {
    assertEquals(/[^\P{Cc}\t]/u.test(plainLine(line)), false);
  }));
});
