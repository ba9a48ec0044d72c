import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { createLog } from "../../base/terminal/log.ts";
import {
  haveAptLists,
  type InstallHost,
  type InstallPlan,
  installPlan,
  remedies,
  runInstall,
} from "./install.ts";
import { run } from "../../base/process/run.ts";
import { haveProgram, sandbox } from "../../base/host_testing.ts";
import { type ToolNeed, TOOLS } from "./tool_table.ts";
import { toolsFor, type ToolVerdict } from "./tools.ts";

const DEBIAN: InstallHost = {
  packageManager: "apt",
  isRoot: true,
  haveSudo: false,
  arch: "x86_64",
  haveAptLists: true,
};

/** Of those that differ between systems, Debian's. */
const lacking = (...names: string[]): ToolVerdict[] =>
  TOOLS.filter(({ setup }) => setup === undefined).map((tool) => ({
    tool,
    status: names.includes(tool.name) ? "missing" : "ok",
  }));

Deno.test("installPlan() is the exact command of each package manager", () => {
  const apt = "apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3";
  const quiet = "DEBIAN_FRONTEND=noninteractive";
  const sudo = { isRoot: false, haveSudo: true };
  const password = { isRoot: false, haveSudo: false };
  const cases: [Partial<InstallHost>, boolean, string][] = [
    [
      {},
      true,
      `${quiet} ${apt} install -y --no-install-recommends qemu-utils qemu-system-x86 rsync`,
    ],
    [
      { haveAptLists: false },
      true,
      `${quiet} ${apt} update && ${quiet} ${apt} install -y --no-install-recommends ` +
      "qemu-utils qemu-system-x86 rsync",
    ],
    [
      sudo,
      true,
      `sudo -n env ${quiet} LC_ALL=C ${apt} install -y --no-install-recommends ` +
      "qemu-utils qemu-system-x86 rsync",
    ],
    [
      password,
      false,
      `sudo env ${quiet} LC_ALL=C ${apt} install -y --no-install-recommends ` +
      "qemu-utils qemu-system-x86 rsync",
    ],
    [
      { ...password, lacksSudo: true, haveAptLists: false },
      false,
      `su - -c 'env ${quiet} LC_ALL=C ${apt} update && env ${quiet} LC_ALL=C ${apt} install -y ` +
      "--no-install-recommends qemu-utils qemu-system-x86 rsync'",
    ],
    [{ packageManager: "brew", ...password, lacksSudo: true }, true, "brew install qemu rsync"],
    [
      { packageManager: "dnf", ...password },
      false,
      "sudo dnf install -y qemu-img qemu-system-x86 rsync",
    ],
    [{ packageManager: "pacman" }, false, "pacman -S --needed qemu-img qemu-system-x86 rsync"],
    [
      { packageManager: "nix", ...password },
      false,
      "nix --extra-experimental-features 'nix-command flakes' profile install " +
      "'nixpkgs#qemu' 'nixpkgs#rsync'",
    ],
  ];
  for (const [host, automatic, text] of cases) {
    const plan = installPlan(lacking("qemu-img", "qemu-system-x86_64", "rsync"), {
      ...DEBIAN,
      ...host,
    });
    assertEquals([plan.text, plan.automatic], [text, automatic]);
    assertEquals(plan.unavailable, []);
  }
});

Deno.test("installPlan() plans nothing if nothing is missing", () => {
  assertEquals(installPlan(lacking(), DEBIAN), {
    commands: [],
    automatic: false,
    text: "",
    unavailable: [],
  });
});

Deno.test("installPlan() takes what comes with the system from there, once", () => {
  const mac: InstallHost = { ...DEBIAN, packageManager: "brew", isRoot: false };
  const plan = installPlan(lacking("c++", "make", "cmake"), mac);
  assertEquals(plan.text, "xcode-select --install && brew install cmake");
  assertEquals(plan.automatic, false, "it opens a window");
});

Deno.test("installPlan() has rustup fetch what Ubuntu does not package, and rustup itself only if needed", () => {
  const need: ToolNeed = {
    ...{ os: "linux", arch: "x86_64", distroId: "ubuntu", isRoot: true },
    guestArchs: ["x86_64", "aarch64"],
  };
  const planWith = (find: () => string | undefined) =>
    installPlan(
      toolsFor(["rust"], need).filter(({ setup }) => setup !== undefined).map((tool) => ({
        tool: { ...tool, setup: { ...tool.setup!, find } },
        status: "missing",
      })),
      DEBIAN,
    );
  const [base, ...more] = ["", "x86_64", "aarch64"].map((arch) =>
    "toolchain install stable --profile minimal" + (arch && ` --target ${arch}-unknown-linux-musl`)
  );
  const { text, automatic } = planWith(() => undefined);
  assertEquals(automatic, true);
  const [apt, ...setups] = text.split(" && ");
  assertMatch(apt ?? "", /apt-get .* install -y --no-install-recommends rustup$/);
  assertEquals(setups, [base, ...more].map((args) => `/usr/bin/rustup ${args}`));
  const own = planWith(() => "/home/me/.cargo/bin/rustup");
  assertEquals(own.automatic, true);
  assertEquals(
    own.text,
    [base, ...more].map((args) => `/home/me/.cargo/bin/rustup ${args}`).join(" && "),
  );
});

Deno.test("installPlan() names what this host has no package for", () => {
  const mac: InstallHost = { ...DEBIAN, packageManager: "brew" };
  assertEquals(installPlan(lacking("mmdebstrap", "rsync"), mac).unavailable, ["mmdebstrap"]);
  const unknown: InstallHost = { ...DEBIAN, packageManager: undefined };
  const plan = installPlan(lacking("rsync"), unknown);
  assertEquals([plan.unavailable, plan.commands, plan.automatic], [["rsync"], [], false]);
});

Deno.test("haveAptLists() wants a list of packages, not just a directory", async () => {
  await using box = await sandbox();
  assertEquals(await haveAptLists(join(box.path, "none")), false);
  await Deno.mkdir(join(box.path, "partial"));
  await Deno.writeTextFile(join(box.path, "lock"), "");
  await Deno.writeTextFile(join(box.path, "example.org_debian_dists_bookworm_InRelease"), "");
  assertEquals(await haveAptLists(box.path), false);
  await Deno.writeTextFile(join(box.path, "example.org_main_binary-amd64_Packages.lz4"), "");
  assertEquals(await haveAptLists(box.path), true);
});

Deno.test({
  name: "remedies() knows apt's message about a package that its lists lack",
  ignore: !haveProgram("apt-get"),
  async fn() {
    // --simulate takes no lock and changes nothing.
    const command = ["apt-get", "--simulate", "install", "guesthouse-no-such-package"];
    const result = await run(command, { env: { LC_ALL: "C" } });
    assertEquals(result.code, 100);
    assertEquals(remedies(result, command, DEBIAN), [{
      why: "The package lists are out of date",
      command: [
        ...["apt-get", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3", "update"],
      ],
    }]);
  },
});

Deno.test("remedies() completes an interrupted dpkg, and has nothing for other managers", () => {
  const output = {
    stdout: "",
    stderr: "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the " +
      "problem.",
  };
  const host: InstallHost = { ...DEBIAN, isRoot: false, haveSudo: true };
  assertEquals(remedies(output, ["sudo", "-n", "apt-get", "install", "x"], host), [{
    why: "An earlier installation was interrupted",
    command: [
      ...["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"],
      ...["dpkg", "--configure", "-a"],
    ],
  }]);
  assertEquals(remedies(output, ["brew", "install", "x"], host), []);
});

/** A plan that installs `qemu` by a stand-in for apt-get, which logs how it is called. */
async function standIn(box: Awaited<ReturnType<typeof sandbox>>, body: string) {
  await box.script("apt-get", `cd "$(dirname "$0")"; echo "$*" >>calls; ${body}`);
  const plan: InstallPlan = {
    ...installPlan([], DEBIAN),
    commands: [["apt-get", "install", "qemu"]],
  };
  const shown: string[] = [];
  const log = createLog({ write: (text) => shown.push(text), color: false });
  const calls = async () => (await Deno.readTextFile(join(box.path, "calls"))).trim().split("\n");
  const install = (options: { readonly isPatient?: boolean } = {}) =>
    runInstall(plan, DEBIAN, { log, ...options });
  return { install, shown, calls };
}

/** Puts the sandbox first on the `PATH` of the programs that a test runs. */
async function sandboxOnPath() {
  const box = await sandbox({ PATH: Deno.env.get("PATH") ?? "" });
  Deno.env.set("PATH", `${box.path}:${Deno.env.get("PATH")}`);
  return box;
}

Deno.test("runInstall() fetches the lists when they do not know a package", async () => {
  await using box = await sandboxOnPath();
  const { install, shown, calls } = await standIn(
    box,
    `case "$*" in
*update*) touch lists;;
*) [ -e lists ] || { echo "E: Unable to locate package qemu" >&2; exit 100; };;
esac`,
  );
  await install();
  assertEquals(await calls(), [
    "install qemu",
    "-o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 update",
    "install qemu",
  ]);
  assertMatch(
    shown.join(""),
    /^apt-get install qemu\nThe package lists are out of date\napt-get .* update\napt-get install qemu\n$/,
  );
});

Deno.test("runInstall() gives apt no question to ask", async () => {
  await using box = await sandboxOnPath();
  const { install, calls } = await standIn(
    box,
    'echo "$DEBIAN_FRONTEND $LC_ALL" >>calls; ! read answer || exit 1',
  );
  await install();
  assertEquals(await calls(), ["install qemu", "noninteractive C"]);
});

Deno.test("runInstall() waits for other work if it is told to be patient", async () => {
  await using box = await sandboxOnPath();
  const { install, calls } = await standIn(box, "nice >>calls");
  await install({ isPatient: true });
  assertEquals(await calls(), ["install qemu", "19"]);
});

Deno.test("runInstall() reports what apt said last, and how to try again", async () => {
  await using box = await sandboxOnPath();
  const { install } = await standIn(box, 'echo "E: No space left on device" >&2; exit 100');
  const error = await assertRejects(
    install,
    HostError,
    "Cannot install the missing tools: the package manager exited with status 100",
  );
  assertEquals([error.exit, error.details, error.next], [
    3,
    ["E: No space left on device"],
    "apt-get install qemu",
  ]);
});

Deno.test("runInstall() says where rustup comes from if the system has no package of it", async () => {
  await using box = await sandboxOnPath();
  const said = [
    "E: Package 'rustup' has no installation candidate",
    "E: Unable to locate package rustup",
  ];
  for (const text of said) {
    const { install } = await standIn(box, `echo "${text}" >&2; exit 100`);
    const error = await assertRejects(install, HostError);
    assertEquals(error.details, [text]);
    assertMatch(error.next ?? "", /universe.*https:\/\/rustup\.rs; then run the task again$/);
  }
});
