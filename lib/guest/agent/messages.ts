import { z } from "zod";

const HELLO = z.object({
  protocol: z.number().int(),
  version: z.string().max(64),
  arch: z.string().max(64),
  init: z.boolean(),
  maxPayload: z.number().int().positive(),
  maxChannels: z.number().int().positive(),
  window: z.number().int().positive(),
});

const FAILURE = z.object({ code: z.string().max(64), message: z.string().max(16_384) });

const EXEC_RESULT = z.object({
  code: z.number().int().nullable(),
  signal: z.number().int().nullable(),
  timedOut: z.boolean(),
  oom: z.boolean(),
});

const FILE_RESULT = z.object({ bytes: z.number().int().nonnegative() });

const INFO = z.object({
  version: z.string().max(64),
  protocol: z.number().int(),
  arch: z.string().max(64),
  kernel: z.string().max(256),
  memoryTotalBytes: z.number(),
  memoryAvailableBytes: z.number(),
  load: z.array(z.number()).max(3),
  uptimeMs: z.number(),
  diskFreeBytes: z.number(),
});

/** What the agent says of itself when a session begins. */
export type AgentHello = Readonly<z.infer<typeof HELLO>>;
/** Why the agent could not do it: the name of an errno, or a word of the protocol, and a text. */
export type AgentFailure = Readonly<z.infer<typeof FAILURE>>;
/** How a command ended; one of `code` and `signal` is null. */
export type ExecResult = Readonly<z.infer<typeof EXEC_RESULT>>;
/** The state of the guest. `load` is that of 1, 5 and 15 minutes; the disk is that of `/`. */
export type AgentInfo = Readonly<z.infer<typeof INFO>>;

export const parseHello = parser("hello", HELLO);
export const parseFailure = parser("error", FAILURE);
export const parseExecResult = parser("exec result", EXEC_RESULT);
export const parseFileResult = parser("file result", FILE_RESULT);
export const parseInfo = parser("info", INFO);
/** A result that says nothing but "done". */
export const parseDone = parser("result", z.object({}));

/** A function that reads a payload; it throws `SyntaxError` for one that does not fit. */
function parser<T>(what: string, schema: z.ZodType<T>): (payload: Uint8Array) => T {
  return (payload) => {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    } catch (cause) {
      throw new SyntaxError(`received ${what} that is not JSON`, { cause });
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const field = issue?.path.join(".") || "value";
    throw new SyntaxError(`received ${what} that does not fit: ${field}: ${issue?.message}`);
  };
}
