import { assertEquals } from "@std/assert";
import { createLog, type LogOptions, paint } from "./log.ts";

function logged(options: LogOptions): string {
  let text = "";
  const log = createLog({ color: false, write: (part) => text += part, ...options });
  log.step("Boot debian-amd64");
  log.info("console: logs/x.log");
  log.warn("slow accelerator");
  log.error("Cannot copy out/x");
  log.debug("qemu-img info disk");
  assertEquals(log.lastStep, "Boot debian-amd64");
  return text;
}

Deno.test("createLog() writes whole lines, and debug messages only when verbose", () => {
  const usual = `==> Boot debian-amd64
console: logs/x.log
warning: slow accelerator
error: Cannot copy out/x
`;
  assertEquals(logged({}), usual);
  assertEquals(logged({ verbose: true }), `${usual}debug: qemu-img info disk\n`);
});

Deno.test("createLog() with quiet keeps warnings and errors", () => {
  assertEquals(
    logged({ quiet: true }),
    "warning: slow accelerator\nerror: Cannot copy out/x\n",
  );
});

Deno.test("createLog() colours the mark of a line", () => {
  assertEquals(
    logged({ color: true, quiet: true }),
    "\x1b[33mwarning:\x1b[0m slow accelerator\n\x1b[31merror:\x1b[0m Cannot copy out/x\n",
  );
  assertEquals(paint("bold", "x", false), "x");
});
