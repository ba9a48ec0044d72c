import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { diagnose } from "../diagnose/diagnose.ts";
import { plainLines } from "../diagnose/log_lines.ts";
import { fill, spellErrno, valuesOf } from "./fill.ts";
import { SYMPTOMS } from "./symptom_table.ts";

const TESTDATA = fromFileUrl(new URL("testdata", import.meta.url));

const readFixture = (id: string) => Deno.readTextFile(join(TESTDATA, `${id}.log`));

for (const { id, says } of SYMPTOMS) {
  Deno.test(`the symptom ${id} is found first in its log, which contains the text of its table`, async () => {
    // A name that says nothing, so that each line has to say what it is.
    const lines = plainLines(await readFixture(id));
    const [first] = diagnose([{ name: "fixture.txt", lines }]);
    assertEquals(first?.id, id, lines.join("\n"));
    const pieces = says.split("…").map((piece) => RegExp.escape(piece.trim()));
    const text = new RegExp(pieces.join(".*"));
    assert(lines.some((line) => text.test(line)), `${says} is not in ${id}.log`);
  });
}

Deno.test("what a project can do without is not taken for missing", () => {
  const lines = [
    ...["Git", "PkgConfig", "Python3", "CURL"].map((name) =>
      `-- Could NOT find ${name} (missing: X)`
    ),
    "checking for python... not found",
  ];
  assertEquals(diagnose([{ name: "fixture.txt", lines }]), []);
});

Deno.test("requirements are found in the words of different programs", () => {
  for (
    const [line, id, title] of [
      ["sh: 1: python: not found", "python-missing"],
      ["/usr/bin/env: ‘python3’: No such file or directory", "python-missing"],
      ["/bin/sh: 1: curl: not found", "program-missing", "the program curl is not installed"],
      ["bash: line 3: curl: command not found", "program-missing"],
      ["/usr/bin/env: 'perl6': No such file or directory", "program-missing"],
      ["sh: 1: pkg-config: not found", "pkg-config-missing"],
      ["Package libfoo was not found in the pkg-config search path.", "package-missing"],
      ["Package 'libbar', required by 'virtual:world', not found", "package-missing"],
      ["  Could NOT find CURL (missing: CURL_LIBRARY)", "package-missing"],
      ["curl: (60) SSL certificate problem: self-signed certificate in chain", "certificates"],
      ["curl: (77) error setting certificate verify locations:", "certificates"],
      ["ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] unable", "certificates"],
      ["SSL certificate problem: certificate is not yet valid", "clock-skew"],
    ] as const
  ) {
    const [first] = diagnose([{ name: "fixture.txt", lines: [line] }]);
    assertEquals(first?.id, id, line);
    if (title !== undefined) assertEquals(first?.title, title);
  }
});

Deno.test("each symptom has a log in testdata, and each log a symptom", async () => {
  const files = await Array.fromAsync(Deno.readDir(TESTDATA), ({ name }) => name);
  assertEquals(files.sort(), SYMPTOMS.map(({ id }) => `${id}.log`).sort());
});

Deno.test("symptoms have unique ids, complete texts, and commands", () => {
  assertEquals(new Set(SYMPTOMS.map(({ id }) => id)).size, SYMPTOMS.length);
  for (const { id, title, cause, fix, patterns, where } of SYMPTOMS) {
    assertMatch(id, /^[a-z][a-z0-9-]+$/);
    assertMatch(title, /[^.]$/, id);
    assertMatch(cause, /^[A-Z/0\w].*\.$/s, id);
    assert(fix.length > 0 && patterns.length > 0 && where.length > 0, id);
    for (const pattern of patterns) assertEquals(pattern.flags.replace("i", ""), "", id);
  }
});

Deno.test("no command puts a caught text between quotes, where it could end them", () => {
  const known = ["guest", "console", "log"];
  let commands = 0;
  for (const { id, fix, next = "", patterns } of SYMPTOMS) {
    for (const command of [...fix, next]) {
      if (/\{\w+/.test(command)) commands++;
      for (const [quoted] of command.matchAll(/'[^']*\{\w+[^']*'/g)) {
        const name = /\{(\w+)/.exec(quoted)![1]!;
        const isNumber = patterns.every(({ source }) => source.includes(`(?<${name}>\\d+)`));
        assert(isNumber && !known.includes(name), `${id}: ${command}`);
      }
    }
  }
  assert(commands > 5, `only ${commands} commands have a caught text in them`);
});

Deno.test("every value in a template is captured by a pattern or always known", () => {
  const always = ["guest", "console", "log", "error", "ended"];
  const named = new Set<string>();
  for (const { id, title, cause, fix, next = "", patterns } of SYMPTOMS) {
    for (
      const [, name = "", fallback] of [title, cause, next, ...fix].join(" ")
        .matchAll(/(?<!\$)\{(\w+)(\|[^}]*)?\}/g)
    ) {
      named.add(name);
      const catching = patterns.filter(({ source }) => source.includes(`(?<${name}>`));
      const isEverywhere = catching.length === patterns.length;
      assert(
        always.includes(name) || isEverywhere || (catching.length > 0 && fallback !== undefined),
        `${id}: {${name}} is not caught by each of its patterns and has no fallback`,
      );
    }
  }
  assert(named.size > always.length, `only ${[...named]} are named`);
});

Deno.test("fill() inserts values, quoted on request, and falls back", () => {
  assertEquals(fill("{a} {b|none} {c}", { a: "1" }), "1 none C");
  assertEquals(fill("ls {a}", { a: "x; y" }, (text) => `'${text}'`), "ls 'x; y'");
  assertEquals(fill('"${HOME:-/tmp}" ${x}', { x: "no" }), '"${HOME:-/tmp}" ${x}');
});

Deno.test("valuesOf() spells error numbers and the status of a process", () => {
  const values = (pattern: RegExp, text: string) => valuesOf(pattern.exec(text)!);
  assertEquals(values(/errno=(?<errno>\d+)/, "errno=8").error, "ENOEXEC, wrong format");
  assertEquals(spellErrno("4242"), "errno 4242");
  const exitcode = /0x(?<exitcode>[0-9a-f]+)/;
  assertEquals(values(exitcode, "0x00006500").ended, "with status 101");
  assertEquals(values(exitcode, "0x0000000b").ended, "by signal 11");
});
