import { isRecord } from "../base/files/verdict_cache.ts";
import type { QmpEvent } from "./qmp_commands.ts";

export type QmpMessage =
  | { readonly kind: "greeting"; readonly version: unknown }
  | { readonly kind: "event"; readonly event: QmpEvent }
  | { readonly kind: "return"; readonly id: unknown; readonly value: unknown }
  | {
    readonly kind: "error";
    readonly id: unknown;
    readonly errorClass: string;
    readonly description: string;
  };

/** How much of a bad line an error message shows. */
const SHOWN = 80;

/** Reads one line of QMP (`docs/interop/qmp-spec`, 7.2, section 2). Throws a `SyntaxError`. */
export function parseQmpMessage(line: string): QmpMessage {
  const message = parseObject(line);
  if (message === undefined) throw foreign(line);
  if (isRecord(message.QMP)) return { kind: "greeting", version: message.QMP.version };
  if (typeof message.event === "string") {
    return {
      kind: "event",
      event: {
        event: message.event,
        data: isRecord(message.data) ? message.data : {},
        timeMs: timeMs(message.timestamp),
      },
    };
  }
  if ("return" in message) return { kind: "return", id: message.id, value: message.return };
  if (isRecord(message.error)) {
    return {
      kind: "error",
      id: message.id,
      errorClass: String(message.error.class),
      description: String(message.error.desc),
    };
  }
  throw foreign(line);
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function foreign(line: string): SyntaxError {
  const shown = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
  return new SyntaxError(`received a line that is not QMP: ${JSON.stringify(shown)}`);
}

function timeMs(timestamp: unknown): number {
  if (!isRecord(timestamp)) return NaN;
  const { seconds, microseconds } = timestamp;
  // The specification gives -1 for both when the host's clock could not be read.
  if (typeof seconds !== "number" || typeof microseconds !== "number" || seconds < 0) return NaN;
  return seconds * 1000 + microseconds / 1000;
}
