import { assertEquals, assertThrows } from "@std/assert";
import { HostError } from "../base/errors.ts";
import { checkPort } from "./ssh_port.ts";

Deno.test("checkPort() accepts a free port, and says how to find who has a taken one", () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const error = assertThrows(
    () => checkPort(port, "armdev"),
    HostError,
    `Cannot start guest "armdev": port ${port} of 127.0.0.1 is already in use`,
  );
  assertEquals(error.details.length, 1);
  assertEquals(
    error.next,
    "deno task arm-dev --ssh-port N, or set another sshPort in configs/arm_dev.ts",
  );
  listener.close();
  checkPort(port, "armdev");
});
