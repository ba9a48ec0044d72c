import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../base/errors.ts";
import { refuseOtherNetwork, warnOfNetwork } from "./run_command.ts";

const RECORD = {
  ...{ id: "p-1", platform: "p", pid: 1, startTime: "1", sshPort: 1, user: "ci" },
  ...{ imageDir: "/image", accelerator: "tcg", memoryMiB: 1, cores: 1, kept: true },
  ...{ started: "", console: "" },
} as const;

Deno.test("refuseOtherNetwork() accepts only the network that a kept guest has", () => {
  refuseOtherNetwork({ ...RECORD, network: "internet" }, "internet");
  refuseOtherNetwork({ ...RECORD, network: ["a.example", "b.example"] }, [
    "a.example",
    "b.example",
  ]);
  // Records of former versions name none.
  refuseOtherNetwork(RECORD, "open");
  for (const wanted of ["none", "open", ["a.example"]] as const) {
    const refuse = () => refuseOtherNetwork({ ...RECORD, network: "internet" }, wanted);
    const { next } = assertThrows(refuse, UsageError, "that is up has internet");
    assertEquals(next, "pass --fresh to start another guest");
  }
});

Deno.test("warnOfNetwork() says nothing if the network was not involved", () => {
  const told: string[] = [];
  const warn = (details: string[], next?: string) =>
    warnOfNetwork({
      env: {},
      given: {},
      wasUsed: () => false,
      explain: () => ({ details, ...(next === undefined ? {} : { next }) }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }, (text) => told.push(text));
  warn([], "change it");
  warn(["x.example was refused"]);
  warn(["x.example was refused"], "allow it");
  assertEquals(told, ["x.example was refused", "x.example was refused\n  next: allow it"]);
});
