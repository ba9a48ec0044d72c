import { assertEquals } from "@std/assert";
import { netArgs } from "./net_args.ts";
import { startPausedQemu } from "./qemu_testing.ts";
import { parseUsernet } from "./usernet.ts";

Deno.test("parseUsernet() reads the forwards of QEMU 7.2 and skips live connections", () => {
  const text = "Hub -1 (net0):\r\n" +
    "  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n" +
    "  TCP[ESTABLISHED]   12       127.0.0.1 33012       10.0.2.15    22     0     0\r\n" +
    "  TCP[HOST_FORWARD]   8       127.0.0.1 42959       10.0.2.15    22     0     0\r\n" +
    "  UDP[HOST_FORWARD]   9               *  5353       10.0.2.15  5354     0     0\r\n";
  assertEquals(parseUsernet(text), [
    { protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 42959, guestPort: 22 },
    { protocol: "udp", hostAddress: "*", hostPort: 5353, guestPort: 5354 },
  ]);
});

Deno.test("parseUsernet() finds nothing where there is no user network", () => {
  assertEquals(parseUsernet(""), []);
});

Deno.test("parseUsernet() finds the port that QEMU chose for port 0", async () => {
  await using qemu = await startPausedQemu(["-machine", "q35", ...netArgs({ hostPort: 0 })]);
  const [forward] = parseUsernet(
    await qemu.qmp.execute("human-monitor-command", { "command-line": "info usernet" }),
  );
  assertEquals(forward?.guestPort, 22);
  // Somebody listens there: QEMU.
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: forward?.hostPort ?? 0 });
  conn.close();
});
