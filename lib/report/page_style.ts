import { Html } from "./html.ts";

/** How many phases have their own colour; further ones use the colours again. */
export const PHASE_COLOURS = 8;

const phaseRules = Array.from(
  { length: PHASE_COLOURS },
  (_, index) => `.phase-${index} { background: var(--phase-${index}); }`,
);

/** The style of pages; phases have a contrast of at least 4.5 to 1 in both colour schemes. */
export const PAGE_STYLE = new Html(`
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1a1d21; --soft: #555c66; --line: #d5d9de; --grid: #dfe3e8;
  --track: #f4f6f8; --on-phase: #ffffff; --good: #14652f; --bad: #a81414; --mild: #5c5300;
  --phase-0: #1f5fa8; --phase-1: #9a4b00; --phase-2: #1b6e3c; --phase-3: #a1286b;
  --phase-4: #5b3fb5; --phase-5: #0b6a75; --phase-6: #7a3b2e; --phase-7: #5f5a0c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --text: #e8eaed; --soft: #a9b0b8; --line: #3a4047; --grid: #333940;
    --track: #1c2024; --on-phase: #0d0f12; --good: #7fd09a; --bad: #ff9e94; --mild: #d9cf72;
    --phase-0: #8ab8f0; --phase-1: #f0b070; --phase-2: #7fd09a; --phase-3: #f19ac6;
    --phase-4: #b9a6f5; --phase-5: #6fcbd6; --phase-6: #e0aa9a; --phase-7: #d3cc6a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 0.75rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 0 0 0.75rem; }
.host { display: flex; flex-wrap: wrap; gap: 0.25rem 2rem; margin: 0; }
.host dt, figcaption, .about p, .marks, summary { color: var(--soft); font-size: 0.875rem; }
.host dd { margin: 0; }
figure { margin: 1rem 0; }
.legend {
  display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0 0 1rem;
  padding: 0;
}
.legend li { display: flex; gap: 0.4em; align-items: start; }
.key { min-width: 1.7em; padding: 0.1em 0.3em; text-align: center; white-space: nowrap; }
.key, .span { color: var(--on-phase); font-size: 0.875rem; font-weight: 600; border-radius: 3px; }
.row {
  display: grid; grid-template-columns: minmax(10rem, 16rem) minmax(0, 1fr); gap: 0 1rem;
  padding: 0.6rem 1.6rem 0.6rem 0; border-top: 1px solid var(--line);
}
.about p { margin: 0; }
.status.pass { color: var(--good); }
.status.fail, .status.error, .stop { color: var(--bad); }
.status.skip, .status.interrupted { color: var(--mild); }
.track {
  position: relative; height: 2.25rem; border-right: 1px solid var(--grid);
  background: linear-gradient(to right, var(--grid) 1px, transparent 1px) var(--track);
}
.span {
  position: absolute; top: 0.25rem; height: 1.75rem; line-height: 1.75rem; min-width: 3px;
  display: flex; flex-wrap: wrap; align-content: flex-start; overflow: hidden;
  border-right: 1px solid var(--page); white-space: nowrap; print-color-adjust: exact;
}
.strut { width: 0; height: 1.75rem; }
.span b, .span bdi { height: 1.75rem; padding-left: 0.35em; }
.span bdi { padding-right: 0.35em; font-weight: 400; }
.failed { height: 3.25rem; }
.stop {
  position: absolute; top: 2rem; line-height: 1.25rem; font-weight: 700;
  transform: translateX(-50%);
}
.axis { padding-top: 0; border-top: 0; }
.axis .about { text-align: right; color: var(--soft); font-size: 0.875rem; }
.marks { position: relative; height: 1.5rem; font-variant-numeric: tabular-nums; }
.marks span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.marks span:first-child { transform: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9375rem; }
th, td { padding: 0.25rem 1.25rem 0.25rem 0; text-align: left; vertical-align: top; }
tbody th { font-weight: 400; }
th, td { border-bottom: 1px solid var(--line); min-width: 6rem; }
.number { min-width: 4rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
summary { cursor: pointer; margin-bottom: 0.5rem; }
pre { white-space: pre-wrap; margin: 0 0 0.75rem; font-size: 0.875rem; }
svg text { fill: var(--soft); font-size: 13px; text-anchor: middle; }
svg .first { text-anchor: start; }
svg .last { text-anchor: end; }
svg .value { fill: var(--text); }
svg .grid { stroke: var(--grid); }
svg polyline { fill: none; stroke: var(--phase-0); stroke-width: 2; }
svg circle { fill: var(--phase-0); }
${phaseRules.join("\n")}
@media (max-width: 40rem) {
  .row { grid-template-columns: minmax(0, 1fr); }
  .axis .about { display: none; }
}
`);
