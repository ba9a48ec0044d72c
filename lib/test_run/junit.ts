import { XMLParser } from "fast-xml-parser";

/** The results of a run of `deno test --junit-path`. */
export interface TestCounts {
  /** Tests, not counting their steps. */
  readonly passed: number;
  readonly failed: number;
  /** Tests and steps that were skipped on this host. */
  readonly leftOut: readonly LeftOut[];
}

/** A test that did not run, and its place: file relative to the checkout, line from 1. */
interface LeftOut {
  readonly file: string;
  readonly line: number;
  readonly title: string;
}

interface Case {
  readonly "@name": string;
  readonly "@classname": string;
  readonly "@line": string;
  readonly skipped?: unknown;
  readonly failure?: unknown;
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  isArray: (name) => name === "testsuite" || name === "testcase",
});

/** Reads Deno's JUnit report (2.9: steps are named `TEST > STEP`). Throws a `SyntaxError`. */
export function readJunit(xml: string): TestCounts {
  const suites = parser.parse(xml)?.testsuites;
  if (suites === undefined) throw new SyntaxError("Cannot read a JUnit report: no <testsuites>");
  const cases: Case[] = (suites.testsuite ?? []).flatMap(
    ({ testcase = [] }: { testcase?: Case[] }) => testcase,
  );
  const titles = new Set(cases.map((one) => one["@name"]));
  const tests = cases.filter((one) => !isStep(one, titles));
  const ran = tests.filter((one) => one.skipped === undefined);
  const failed = ran.filter((one) => one.failure !== undefined).length;
  return {
    passed: ran.length - failed,
    failed,
    leftOut: cases.filter((one) => one.skipped !== undefined).map((one) => ({
      file: one["@classname"].replace(/^\.\//, ""),
      line: Number(one["@line"]),
      title: one["@name"],
    })),
  };
}

/** Whether the text before one of its " > " is itself a test; its step may be in another file. */
function isStep(one: Case, titles: ReadonlySet<string>): boolean {
  const parts = one["@name"].split(" > ");
  return parts.some((_, at) => at > 0 && titles.has(parts.slice(0, at).join(" > ")));
}
