/** Closes a connection that may be closed already. */
export function closeConn(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
