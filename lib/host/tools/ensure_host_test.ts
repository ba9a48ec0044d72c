import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { HostError } from "../../base/errors.ts";
import { createLog } from "../../base/terminal/log.ts";
import { type EnsureContext, ensureHost, findInstall, missingToolsError } from "./ensure_host.ts";
import type { InstallPlan } from "./install.ts";
import { haveProgram, sandbox } from "../../base/host_testing.ts";
import { TOOLS } from "./tool_table.ts";
import type { ToolVerdict } from "./tools.ts";

const missing = (...names: string[]): ToolVerdict[] =>
  TOOLS.filter(({ name }) => names.includes(name)).map((tool) => ({ tool, status: "missing" }));

const PLAN: InstallPlan = {
  commands: [["x"]],
  automatic: true,
  text: "sudo x",
  unavailable: [],
};

/** A task at no terminal, and what it printed. */
function quietContext(changes: Partial<EnsureContext> = {}) {
  const printed: string[] = [];
  const ctx: EnsureContext = {
    yes: false,
    interactive: false,
    dryRun: false,
    signal: new AbortController().signal,
    log: createLog({ write: (text) => printed.push(text), color: false }),
    print: (line) => printed.push(line),
    ...changes,
  };
  return { ctx, printed };
}

Deno.test("missingToolsError() names the one command that helps", () => {
  const verdicts = missing("qemu-img", "rsync");
  const error = missingToolsError(verdicts, PLAN, ["build-all"]);
  assertEquals(error.message, "Cannot continue: this host lacks qemu-img, rsync");
  assertEquals(error.exit, 3);
  assertEquals(error.details, [
    "qemu-img is missing (makes disk images and overlays)",
    "rsync is missing (copies projects into guests)",
  ]);
  assertEquals(
    error.next?.replace(/^npx -y deno@\S+/, "deno"),
    "deno task check --install --for build-all --yes",
  );
  assertEquals(
    missingToolsError(verdicts, { ...PLAN, automatic: false }, ["build-all"]).next,
    "sudo x",
    "where we may not install, the package manager's own command",
  );
});

Deno.test("missingToolsError() says what to do if there is no package", () => {
  const images = missingToolsError(
    missing("mmdebstrap", "qemu-img"),
    { ...PLAN, unavailable: ["mmdebstrap"] },
    ["setup-images"],
  );
  assertEquals(
    images.details[0],
    "mmdebstrap is missing (installs Debian into a directory); no package for this host is known",
  );
  assertEquals(
    images.next,
    "build the images on Debian or Ubuntu (deno task setup-images), and copy the directory " +
      "images/dist from there",
  );
  const other = missingToolsError(missing("rsync"), { ...PLAN, unavailable: ["rsync"] }, ["vm"]);
  assertEquals(other.next, "install by hand: rsync");
});

Deno.test({
  name: "ensureHost() accepts the tools that exist, and runs each only once",
  ignore: !haveProgram("make") || !haveProgram("cmake") || !haveProgram("c++"),
  async fn() {
    await using _box = await sandbox();
    const { ctx, printed } = quietContext();
    await ensureHost(["native"], ctx);
    await ensureHost(["native"], ctx, { skipVersions: true });
    assertEquals(printed, []);
  },
});

Deno.test("ensureHost() stops if it may not install and there is no terminal", async () => {
  await using box = await sandbox();
  const { ctx } = quietContext();
  const options = { searchPath: box.path, task: "build-vm" };
  const error = await assertRejects(
    () => ensureHost(["vm"], ctx, options),
    HostError,
    "Cannot continue: this host lacks qemu-img, qemu-system-x86_64, qemu-system-aarch64, ssh, " +
      "ssh-keygen, rsync",
  );
  assertEquals(error.exit, 3);
});

Deno.test("ensureHost() also names at once what a user has to install for later", async () => {
  await using box = await sandbox();
  const query = { searchPath: box.path, guestArchs: ["x86_64"] } as const;
  const lacking = async (later?: readonly ["image"]) =>
    (await assertRejects(
      () => ensureHost(["native"], quietContext().ctx, { ...query, later }),
      HostError,
    )).message;
  assertMatch(await lacking(), /: this host lacks cmake, c\+\+, make$/);
  assertMatch(await lacking(["image"]), /: this host lacks cmake, c\+\+, make, mmdebstrap, /);
});

Deno.test("ensureHost() prints the commands under --dry-run, and runs none", {
  ignore: !haveProgram("apt-get"),
}, async () => {
  await using box = await sandbox();
  const { ctx, printed } = quietContext({ dryRun: true, yes: true });
  const options = { searchPath: box.path };
  await ensureHost(["vm"], ctx, options);
  assertEquals(/apt-get .*install .*rsync/.test(printed.join("\n")), true, printed.join("\n"));
});

Deno.test({
  name: "findInstall() says what it would install beside other work, also in a task started again",
  ignore: !haveProgram("apt-get") || Deno.uid() !== 0,
  async fn() {
    await using box = await sandbox({ GUESTHOUSE_REEXEC: String(Deno.ppid) });
    const { ctx, printed } = quietContext({ yes: true });
    const query = { searchPath: box.path, guestArchs: ["x86_64"] } as const;
    await assertRejects(
      () => findInstall(["vm"], ctx, query),
      HostError,
      "would not become usable",
    );
    const found = await findInstall(["vm"], ctx, { ...query, aside: true });
    assertEquals(found?.title, "Install qemu-img, qemu-system-x86_64, ssh, ssh-keygen, rsync");
    // It is the caller who begins.
    assertEquals(printed, []);
  },
});

Deno.test("ensureHost() does not install again in a task that was started again", async () => {
  await using box = await sandbox({ GUESTHOUSE_REEXEC: String(Deno.ppid) });
  await box.script("qemu-img", "echo qemu-img version 5.2.0");
  const { ctx } = quietContext({ yes: true });
  const error = await assertRejects(
    () => ensureHost(["vm"], ctx, { searchPath: box.path }),
    HostError,
    "would not become usable by installing packages",
  );
  assertEquals(error.details[0], `qemu-img 5.2.0 is older than 7.2 (${box.path}/qemu-img)`);
  assertEquals(
    error.next,
    "upgrade the host's operating system, or put a newer version first on PATH",
  );
});
