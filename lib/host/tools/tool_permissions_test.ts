// For lib/host/tools/tool_permissions_test.ts, once deno.json names these programs.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { root } from "../../base/files/paths.ts";
import { groupsForTask, TOOL_GROUPS, TOOLS } from "./tool_table.ts";

/** What looks at the host, and what installs. */
const ALWAYS = ["sh", "grep", "sysctl", "sw_vers", "sudo", "apt-get", "dpkg", "brew"];

Deno.test("deno.json lets each task ask its tools for their versions, and install them", async () => {
  const config = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const lacking: string[] = [];
  for (const [task, { command }] of Object.entries<{ command: string }>(config.tasks)) {
    const set = /-P=(\S+)/.exec(command)?.[1];
    const groups = task === "check" ? TOOL_GROUPS : groupsForTask(task, "linux");
    if (set === undefined || groups.length === 0) continue;
    const allowed = config.permissions[set].run;
    if (allowed === true) continue;
    const needed = TOOLS
      .filter((tool) => tool.versionArgs && tool.groups.some((group) => groups.includes(group)))
      // Debian keeps this one off the PATH of ordinary users, where its bare name means nothing.
      .flatMap((tool) => tool.name === "mke2fs" ? ["mke2fs", "/usr/sbin/mke2fs"] : tool.programs);
    for (const program of new Set([...ALWAYS, ...needed])) {
      if (!allowed.includes(program)) lacking.push(`${task} (set "${set}"): ${program}`);
    }
  }
  assertEquals(lacking, []);
});
