import type { Span } from "../../lib/report/phase_recorder.ts";
import { type BuildResult, newResult } from "../../lib/report/build_result.ts";
import { makeRow } from "../../lib/report/row.ts";
import { phaseRows } from "../../lib/bench/phases.ts";
import { ratios } from "../../lib/bench/ratios.ts";
import { benchPage } from "../../lib/report/bench_page.ts";
import { buildPage, type HostFigures } from "../../lib/report/build_page.ts";
import type { Page } from "../../lib/report/page.ts";

/** Names that would break out of text, attributes, styles and tables. */
export const HOSTILE = [
  "<script>document.title = 'script ran'</script>",
  `"><img src=x onerror="document.title='handler ran'">`,
  "' style='position:fixed;inset:0' x='",
  "</style></title></table><h1>&amp;",
  "\u202eright to left\x00\x1b[31m",
  "aVeryLongNameWithoutAnySpace".repeat(8),
] as const;

const HOST: HostFigures = {
  distro: "Debian GNU/Linux 12 (bookworm)",
  arch: "x86_64",
  cpuModel: `Processor <b>"4000"</b>`,
  cores: 2,
  memoryMiB: 7936,
};

const DATE = new Date("2026-03-04T05:06:07Z");

/** Phases one after the other, each given by its name and its end. */
function spansOf(from: number, phases: readonly (readonly [string, number])[]): Span[] {
  return phases.map(([phase, toSeconds], index) => ({
    phase,
    fromSeconds: phases[index - 1]?.[1] ?? from,
    toSeconds,
  }));
}

/** A page of builds: one that passed, one that failed, one in error, one skipped, hostile ones. */
export function hostileBuildPage(): Page {
  const builds: { result: Partial<BuildResult> & { name: string }; spans: Span[] }[] = [
    {
      result: { name: "native", status: "pass", accelerator: "native", exitCode: 0 },
      spans: spansOf(0.02, [["configure", 0.62], ["build", 1.4], ["test", 1.41]]),
    },
    {
      result: {
        ...{ name: "debian-amd64", status: "pass", accelerator: "tcg", start: "cold" },
        exitCode: 0,
      },
      spans: spansOf(0.3, [
        ...[["boot", 11.9], ["sync", 12.9], ["configure", 31.2], ["build", 55.1]] as const,
        ...[["test", 62.8], ["artifacts", 64.1], ["shutdown", 67.2]] as const,
      ]),
    },
    {
      result: {
        ...{ name: "debian-arm64", status: "fail", accelerator: "tcg", start: "warm", exitCode: 2 },
        error: { message: 'Step "test" failed on debian-arm64: ctest exited', details: [] },
      },
      spans: spansOf(1.41, [
        ...[["boot", 13.3], ["sync", 14.4], ["configure", 35.2], ["build", 66]] as const,
        ...[["test", 77.5], ["shutdown", 80]] as const,
      ]),
    },
    {
      result: { name: "no-boot", status: "error", error: { message: HOSTILE[0], details: [] } },
      spans: spansOf(0.2, [["boot", 80]]),
    },
    { result: { name: "not-set-up", status: "skip" }, spans: [] },
    ...HOSTILE.map((name) => ({
      result: { name, status: "fail" as const, exitCode: 1, accelerator: name },
      spans: spansOf(40, [...HOSTILE.slice(0, 4).map((step) => [step, 40.004] as const), [
        name,
        44,
      ]]),
    })),
  ];
  const results = builds.map(({ result }) => ({ ...newResult(result.name), ...result }));
  return buildPage({
    ...{ project: HOSTILE[3], date: DATE, host: HOST, results },
    spans: (name) => builds.find(({ result }) => result.name === name)?.spans ?? [],
  });
}

/** A page of a bench: builds of both kinds, warm ones, one not measured, and a curve. */
export function hostileBenchPage(): Page {
  const kind = (prefix: string, platform: string, factor: number) => {
    const build = { boot: 8 * factor, sync: factor, build: 42, shutdown: 2, total: 55 * factor };
    return phaseRows(prefix, [build]).map(([name, runs]) => makeRow({ name, platform, runs }));
  };
  const rows = [
    makeRow({ name: "first command", platform: "debian-amd64", target: 9, runs: [8, 7.5, 10] }),
    ...kind("build-vm", "debian-amd64", 1),
    ...kind("incremental", "debian-amd64", 1.7),
    ...kind("warm build-vm", HOSTILE[1], 0.98),
    makeRow({ name: "build-vm: total", platform: "gone", runs: [], error: `${HOSTILE[3]}\nnext` }),
    makeRow({ name: "--help of every task", target: 0.2, runs: [0.31], note: HOSTILE[0] }),
    ...[[1, 9.1], [2, 10.4], [4, 14.2], [8, 25.75]].map(([count, seconds]) =>
      makeRow({ name: `${count} guests`, platform: HOSTILE[2], runs: [seconds!] })
    ),
  ];
  return benchPage({
    date: DATE,
    host: {
      ...HOST,
      accelerators: { "debian-amd64": { name: "tcg" }, [HOSTILE[4]]: { name: "kvm" } },
    },
    rows,
    ratios: [...ratios(rows), {
      name: HOSTILE[0],
      platform: HOSTILE[5],
      cold: 2,
      warm: 1,
      ratio: 2,
    }],
  });
}
