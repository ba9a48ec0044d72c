import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { type Sandbox, sandbox } from "../../base/host_testing.ts";
import { install, planInstall } from "./installer.ts";
import { TOOLS } from "./tool_table.ts";
import type { ToolVerdict } from "./tools.ts";

const RSYNC: ToolVerdict = { tool: TOOLS.find(({ name }) => name === "rsync")!, status: "missing" };
/** That of a host with apt whose user may install. */
const ignore = Deno.build.os !== "linux" || Deno.uid() !== 0;

/** A log that keeps its messages with their levels. */
function keepLog() {
  const said: string[] = [];
  const note = (level: string) => (text: string) => void said.push(`${level}: ${text}`);
  return { said, log: { info: note("info"), debug: note("debug") } };
}

/** Puts a stand-in for apt-get before the real one, on the `PATH` of the programs of a test. */
async function aptGet(box: Sandbox, script: string): Promise<void> {
  await box.script("apt-get", script);
  Deno.env.set("PATH", `${box.path}:${PATH}`);
}
const PATH = Deno.env.get("PATH") ?? "";

Deno.test({
  name: "planInstall() plans for what is missing, and for nothing else",
  ignore,
  async fn() {
    await using box = await sandbox({ PATH });
    await aptGet(box, "exit 9");
    const { plan } = await planInstall([RSYNC, { tool: TOOLS[0]!, status: "ok" }]);
    assertEquals(plan.automatic, true);
    assertEquals(plan.commands.at(-1)?.slice(-2), ["--no-install-recommends", "rsync"]);
    assertEquals((await planInstall([])).plan.commands, []);
    // Tools of one name are for different hosts; that for others is not installed.
    const [debians] = TOOLS.filter(({ name }) => name === "cargo");
    const { commands } = (await planInstall([{ tool: debians!, status: "missing" }])).plan;
    assertEquals(commands.at(-1)?.slice(-2), ["--no-install-recommends", "cargo-web"]);
  },
});

Deno.test({
  name: "install() runs the package manager, and passes its messages and its failure on",
  ignore,
  async fn() {
    await using box = await sandbox({ PATH });
    const file = join(box.path, "words");
    await aptGet(box, `echo "$@" >>"${file}"; echo Fetched 1 kB; echo Unpacking; exit 0`);
    const { said, log } = keepLog();
    await install([RSYNC], { log });
    assertEquals((await Deno.readTextFile(file)).includes("install -y"), true);
    assertEquals(said.filter((line) => line === "info: Fetched 1 kB").length > 0, true);
    assertEquals(said.filter((line) => line === "debug: Unpacking").length > 0, true);

    await aptGet(box, "echo It is broken >&2; exit 100");
    const error = await assertRejects(() => install([RSYNC], { log }), HostError);
    assertEquals(
      error.message,
      "Cannot install the missing tools: the package manager exited with status 100",
    );
    assertEquals(error.details, ["It is broken"]);
    assertEquals(/apt-get/.test(error.next ?? ""), true);
  },
});

Deno.test({
  name: "install() lets an interrupted package manager finish writing",
  ignore,
  async fn() {
    await using box = await sandbox({ PATH });
    const file = join(box.path, "apt-get.ended");
    await aptGet(
      box,
      `trap 'sleep 0.3; echo yes >"$0.ended"; exit 1' TERM; echo Fetched all; ` +
        "for i in $(seq 100); do sleep 0.1; done",
    );
    const end = new AbortController();
    const log = { info: (text: string) => text === "Fetched all" && end.abort(), debug() {} };
    await assertRejects(() => install([RSYNC], { log, signal: end.signal }), DOMException);
    assertEquals(await Deno.readTextFile(file), "yes\n");
  },
});
