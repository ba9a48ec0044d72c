/** A live table for the tests: its first argument says how it ends. */
import { delay } from "@std/async";
import { LiveTable } from "../live_table.ts";
import { createLog } from "../log.ts";

const [mode = "finish"] = Deno.args;
const log = createLog();
/** Long enough for the table to redraw by itself. */
const pause = () => delay(250);

async function build(table: LiveTable): Promise<void> {
  table.phase("native", "build");
  table.line("native", "[ 50%] Building\x1b[31m main.c\x1b[0m\r\n");
  await pause();
  log.info("a line of the log");
  table.phase("debian-arm64", "boot");
  table.finish("native", "pass");
  await pause();
  if (mode === "fail") throw new Error("stopped half way");
  table.finish("debian-arm64", "fail", "see logs/debian-arm64.log");
}

if (mode === "leak") {
  await build(new LiveTable(["native", "debian-arm64"]));
} else {
  try {
    using table = new LiveTable(["native", "debian-arm64"]);
    await build(table);
  } catch (error) {
    log.error((error as Error).message);
  }
}
log.info("after the table");
