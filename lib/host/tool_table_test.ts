import { assert, assertEquals } from "@std/assert";
import { groupsForTask, TOOL_GROUPS, TOOL_TASKS, TOOLS } from "./tool_table.ts";

Deno.test("TOOLS has each name once, and a package of Debian for each", () => {
  assertEquals(new Set(TOOLS.map(({ name }) => name)).size, TOOLS.length);
  for (const tool of TOOLS) {
    assert(tool.packages.apt !== undefined, tool.name);
    assert(tool.groups.length > 0, tool.name);
    assert(tool.minimum === undefined || tool.versionArgs !== undefined, tool.name);
  }
});

Deno.test("groupsForTask() covers every group, and nothing for an unknown task", () => {
  const used = new Set(TOOL_TASKS.flatMap((task) => groupsForTask(task, "linux")));
  assertEquals([...used].sort(), [...TOOL_GROUPS].sort());
  assertEquals(groupsForTask("vm-list", "linux"), []);
});

Deno.test("groupsForTask() asks macOS for image tools only to build images", () => {
  assertEquals(groupsForTask("build-all", "darwin"), ["native", "vm"]);
  assertEquals(groupsForTask("setup-images", "darwin"), ["image", "binfmt", "init", "vm"]);
});
