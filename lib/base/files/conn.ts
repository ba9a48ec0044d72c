/** Closes what may already be closed: the runtime does that together with its last read. */
export function closeAnyway(open: Pick<Deno.Conn, "close">): void {
  try {
    open.close();
  } catch {
    // It is closed already.
  }
}

/** Takes what comes, and drops it, up to the other side's end. Never throws. */
export async function drain(conn: Pick<Deno.Conn, "read">): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    while (await conn.read(buffer) !== null);
  } catch {
    // Closed in the meantime, from either side.
  }
}
