import { startClock } from "../base/time/clock.ts";
import type { Progress } from "./progress.ts";

/** A phase of a build and its times, in seconds since the whole run began. */
export interface Span {
  readonly phase: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** Records when each phase of each build begins and ends. */
interface PhaseRecorder {
  /** Given to the builds; it passes everything on. */
  readonly progress: Progress;
  /** Ends the current phase of a build. */
  finish(name: string): void;
  /** The finished phases of a build so far, in their order. */
  spans(name: string): readonly Span[];
}

/** Records phases: each lasts until the next of its build, or {@link PhaseRecorder.finish}. */
export function recordPhases(inner: Progress, clock = startClock()): PhaseRecorder {
  const ended = new Map<string, Span[]>();
  const open = new Map<string, { readonly phase: string; readonly fromSeconds: number }>();
  const finish = (name: string, toSeconds = clock()) => {
    const current = open.get(name);
    if (current === undefined) return;
    open.delete(name);
    ended.set(name, [...ended.get(name) ?? [], { ...current, toSeconds }]);
  };
  return {
    progress: {
      phase(name, phase) {
        const now = clock();
        finish(name, now);
        open.set(name, { phase, fromSeconds: now });
        inner.phase(name, phase);
      },
      lines: (name, lines) => inner.lines(name, lines),
      warning: (text) => inner.warning(text),
    },
    finish: (name) => finish(name),
    spans: (name) => ended.get(name) ?? [],
  };
}
