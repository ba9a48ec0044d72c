/** Closes a connection that may already be closed. */
export function closeConn(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
