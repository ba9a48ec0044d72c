import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { plainJson, plainLine, plainText, shorten, UNSEEN } from "./plain_text.ts";

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
  ["\x1bP1$r secret\x1b\\after", "after"],
  ["\x9b31mred\x9d0;title\x9c", "red"],
  ["gnp\u202e.txt", "gnp\\u202e.txt"],
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

Deno.test("plainText() makes control and invisible characters visible", () => {
  const cases: [string, string][] = [
    ["plain\ttext,\n grüße 日本語 👩‍💻 ✔️", "plain\ttext,\n grüße 日本語 👩‍💻 ✔️"],
    ["\x1b]0;title\x07", "\\x1b]0;title\\x07"],
    ["\x1b]52;c;cm0=\x1b\\", "\\x1b]52;c;cm0=\\x1b\\"],
    ["\x1b[31mred\x9b0m", "\\x1b[31mred\\x9b0m"],
    ["50%\r100%\r\n", "50%\\x0d100%\\x0d\n"],
    ["\x00\x07\x08\x7f\x85", "\\x00\\x07\\x08\\x7f\\x85"],
    ["user\u202e\u2066txt\u2069.exe", "user\\u202e\\u2066txt\\u2069.exe"],
    ["a\u200bb\u00adc\ufeffd\u2028e\u3164f", "a\\u200bb\\xadc\\ufeffd\\u2028e\\u3164f"],
    ["hidden \u{e0041}", "hidden \\u{e0041}"],
    ["half \ud800 of one", "half \\ud800 of one"],
  ];
  for (const [text, plain] of cases) assertEquals(plainText(text), plain);
});

Deno.test("plainText() disarms commands to CI services on any line", () => {
  const cases: [string, string][] = [
    ["::error file=a::b", "\\::error file=a::b"],
    ["\n\n\n ::error::a\n\n::b", "\n\n\n \\::error::a\n\n\\::b"],
    ["ok\n \t::stop-commands::x", "ok\n \t\\::stop-commands::x"],
    ["\u00a0::set-output name=a::b", "\u00a0\\::set-output name=a::b"],
    ["a ##[group]b ##[endgroup]", "a #\\#[group]b #\\#[endgroup]"],
    ["##vso[task.setvariable variable=a]b", "#\\#vso[task.setvariable variable=a]b"],
    ["std::string :: ## [x]", "std::string :: ## [x]"],
  ];
  for (const [text, plain] of cases) assertEquals(plainText(text), plain);
});

const anyText = fc.string({
  unit: fc.constantFrom(
    ...["a", ":", ":", "#", "[", " ", "\n", "\r", "\x1b", "]", "\x07", "\x9b", "\u202e", "\ud800"],
    ...["\\", "\u200b", "\u{e0001}", "é"],
  ),
});

Deno.test("plainText() leaves plain text unchanged, and lets nothing else through", () => {
  fc.assert(fc.property(anyText, (text) => {
    const plain = plainText(text);
    assertEquals(plainText(plain), plain);
    assertEquals(plain.match(UNSEEN), null);
    assertEquals(/^\s*::|##\[/m.test(plain), false);
  }));
});

Deno.test("plainJson() means the same without unseen characters", () => {
  fc.assert(fc.property(anyText, (text) => {
    const json = plainJson(JSON.stringify({ [text]: [text] }));
    assertEquals([json.match(UNSEEN), json.includes("##[")], [null, false]);
    assertEquals(JSON.parse(json), { [text]: [text] });
  }));
});

Deno.test("shorten() says how much is lost", () => {
  assertEquals(shorten("short", 5), "short");
  assertEquals(shorten("longer", 4), "lon… (2 characters left out) …r");
});
