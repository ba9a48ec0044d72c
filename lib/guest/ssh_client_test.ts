import { assertEquals } from "@std/assert";
import { startClient } from "./ssh_client.ts";

Deno.test("startClient() passes both streams on to their ends", async () => {
  const seen: string[] = [];
  const text = (piece?: Uint8Array) => new TextDecoder().decode(piece);
  await using client = startClient(["sh", "-c", "cat; echo err >&2"], {
    env: {},
    stdin: "in",
    onStdout: (piece) => void seen.push(`out ${text(piece)}`),
    onStderr: (piece) => void seen.push(piece === undefined ? "end" : `err ${text(piece)}`),
  });
  await client.ended;
  assertEquals(seen.sort(), ["end", "err err\n", "out in"]);
});

Deno.test("startClient() can be disposed while another process keeps its pipes open", async () => {
  const pid = Promise.withResolvers<number>();
  {
    // Stands for the shared connection, which has the client's pipes from it.
    await using _client = startClient(["sh", "-c", "setsid sleep 60 & echo $!; wait"], {
      env: {},
      onStdout: (piece) => pid.resolve(Number(new TextDecoder().decode(piece))),
    });
    await pid.promise;
  }
  // It still runs, so nothing has waited for its end.
  Deno.kill(await pid.promise, "SIGKILL");
});
