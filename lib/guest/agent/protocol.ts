/** The numbers of `docs/agent-protocol.md`, version 1. */
export const PROTOCOL = 1;

/** The host begins a session with these 16 bytes and 16 of its own choice. */
export const HOST_MAGIC = new TextEncoder().encode("\x7fGUESTHOUSE-HST1");
/** The agent answers with these 16 bytes and the host's 16. */
export const AGENT_MAGIC = new TextEncoder().encode("\x7fGUESTHOUSE-AGT1");

export const HEADER_BYTES = 12;
/** The largest payload of a frame, in bytes. */
export const MAX_PAYLOAD = 256 * 1024;
/** Bytes of data that each side may send on a new channel before it needs credit. */
export const WINDOW = 256 * 1024;
/** Credit that the host adds on each new channel, so that a round trip costs no throughput. */
export const EXTRA_CREDIT = 768 * 1024;
/** Credit is given back in portions of at least this many bytes. */
export const CREDIT_STEP = 64 * 1024;
/** More zeros than any frame needs to end: they bring an agent out of half a frame. */
export const PADDING_BYTES = MAX_PAYLOAD + 2 * HEADER_BYTES;

/** What a frame is. */
export const KIND = {
  hello: 0x01,
  exec: 0x10,
  read: 0x11,
  write: 0x12,
  info: 0x13,
  clock: 0x14,
  shutdown: 0x15,
  ping: 0x16,
  signal: 0x18,
  cancel: 0x19,
  data: 0x20,
  end: 0x21,
  credit: 0x22,
  stderr: 0x23,
  result: 0x30,
  error: 0x31,
} as const;

export type Kind = typeof KIND[keyof typeof KIND];

/** The kinds that an agent may send. */
export const FROM_AGENT: ReadonlySet<number> = new Set([
  KIND.hello,
  KIND.data,
  KIND.credit,
  KIND.stderr,
  KIND.result,
  KIND.error,
]);
