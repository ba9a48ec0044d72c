import { assert, assertEquals } from "@std/assert";
import { groupsForTask, TOOL_GROUPS, TOOL_TASKS, type ToolNeed, TOOLS } from "./tool_table.ts";
import { toolsFor } from "./tools.ts";

const LINUX: ToolNeed = {
  ...{ os: "linux", arch: "x86_64", distroId: "debian", isRoot: true },
  guestArchs: ["x86_64", "aarch64"],
};

Deno.test("TOOLS has each name once on each system, and a package of Debian's or Ubuntu's", () => {
  for (const distroId of ["debian", "ubuntu", "fedora"]) {
    const names = toolsFor(TOOL_GROUPS, { ...LINUX, distroId }).map(({ name }) => name);
    assertEquals(names.filter((name, index) => names.indexOf(name) !== index), [], distroId);
  }
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
  assertEquals(groupsForTask("setup-images", "darwin"), ["image", "binfmt", "seed", "init", "vm"]);
});
