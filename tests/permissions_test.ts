// Permission sets against what the code of each task can reach: wide enough, and no wider.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  COMMON_VARIABLES,
  MORE_VARIABLES,
  WINDOW_VARIABLES,
} from "../lib/base/process/clean_environment.ts";
import table from "../configs/permissions.ts";
import { ARCH, ARCHS } from "../lib/config/archs.ts";
import { root } from "../lib/base/files/paths.ts";
import { groupsForTask, TOOL_GROUPS, TOOLS } from "../lib/host/tools/tool_table.ts";
import { RUSTUP } from "../lib/host/tools/rust_tools.ts";
import { crossGcc } from "../lib/host/tools/part_tools.ts";
import { systemPlaces } from "../lib/host/tools/permission_sets.ts";
import { reach, readModules, type Statement } from "./support/reach.ts";

const config = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
const modules = await readModules();
const setOf = (task: string) =>
  config.permissions[/ -P=(\S+)/.exec(config.tasks[task]?.command ?? "")?.[1] ?? task];

/** What Debian keeps off the `PATH` of ordinary users. */
const SYSTEM = ["debugfs", "depmod", "dumpe2fs", "mke2fs"];
/** Names of what starts programs. */
const RUNNERS = ["$", "run", "spawnOwned"];
/** Modules with commands that are data of keys as well. */
const DATA = [
  "lib/image/disk/file_systems.ts",
  "lib/image/system/bsd/bsd_stages.ts",
  "lib/image/system/debian/rootfs.ts",
];

const EMULATORS = ARCHS.map((arch) => ARCH[arch].qemu.system);

/** Programs whose names are no first word of a command, and the modules that start them. */
const STARTERS: Readonly<Record<string, readonly string[]>> = {
  "lib/diagnose/github_run.ts": ["gh"],
  "lib/dev/share/virtiofsd_program.ts": [
    ...["/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd", "/usr/libexec/virtiofsd", "virtiofsd"],
  ],
  "lib/host/tools/install.ts": [
    ...["apt-get", "brew", "dpkg", "nice", "rustup"],
    ...Object.values(RUSTUP),
  ],
  "lib/host/accelerator/probe.ts": EMULATORS,
  "lib/image/system/debian/debian_package.ts": ["apt-cache", "apt-get"],
  "lib/image/parts/micro_kernel.ts": [
    ...["aarch64-linux-gnu-strip", "x86_64-linux-gnu-strip", "strip"],
  ],
  "lib/image/parts/rust_program.ts": ["/usr/bin/cargo", "cargo"],
  "lib/image/parts/rust_sysroot.ts": ["/usr/bin/rustc", "rustc"],
  "lib/qemu/launch.ts": EMULATORS,
  "lib/qemu/program.ts": EMULATORS,
  "lib/micro/gvproxy.ts": ["./images/cache/bin/gvproxy", "go", "gvproxy"],
};

/**
 * First words of lists that are commands of guests, words for people, or data that keys are made
 * of, by the modules that have them.
 */
const NOT_RUN: Readonly<Record<string, readonly string[]>> = {
  // The supervisor's command starts it.
  "lib/base/process/clean_environment.ts": ["sh"],
  "lib/bench/bench_dev.ts": ["git", "grep", "mount"],
  "lib/dev/flavour/nixos/nixos_flavour.ts": ["sudo"],
  "lib/dev/share/host_store.ts": ["sh"],
  "lib/dev/share/share_mount.ts": ["sh"],
  "lib/dev/share/share_rsync.ts": ["install"],
  "lib/dev/state/shell.ts": ["sh"],
  "lib/dev/sync/sync.ts": ["rm", "sudo"],
  "lib/dev/tidy.ts": ["sh"],
  "lib/dev/update.ts": ["sh"],
  "lib/diagnose/github_run.ts": ["apt-get", "brew", "dnf", "nix", "pacman"],
  "lib/config/bsd_entry.ts": ["sysctl"],
  "lib/image/system/bsd/bsd_commands.ts": ["sh", "sudo"],
  "lib/image/system/bsd/provision_bsd.ts": ["rm"],
  "lib/image/system/debian/debian_commands.ts": ["sh", "sudo"],
  "lib/micro/run_micro.ts": ["sh"],
  "lib/guest/end_marked.ts": ["sh"],
  "lib/micro/micro_guest.ts": ["sh"],
};

const PROGRAMS = new Set(Object.values(table.classes).flatMap(({ run = [] }) => run));

/** What a task starts, with the modules that say so. */
function programsOf(task: string, reached: ReadonlySet<Statement>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (program: string, file: string) =>
    found.set(program, [...new Set([...found.get(program) ?? [], file])]);
  const files = new Set([...reached].map(({ file }) => file));
  const runs = (file: string) =>
    [...reached].some((one) => one.file === file && RUNNERS.some((name) => one.names.has(name)));
  for (const { file, heads, started, literals, names } of reached) {
    for (const program of started) add(program, file);
    for (const program of heads) {
      const isData = DATA.includes(file) && !runs(file) || file.startsWith("lib/host/tools/");
      if (PROGRAMS.has(program) && !NOT_RUN[file]?.includes(program) && !isData) add(program, file);
    }
    if (runs(file)) { for (const program of STARTERS[file] ?? []) add(program, file); }
    if (!names.has("ownScript")) continue;
    for (const literal of literals) {
      if (literal.endsWith(".sh")) add(`./${join(file, "..", literal)}`, file);
    }
  }
  if (files.has("lib/host/tools/ensure_host.ts")) {
    const setsUp = reached.values().some(({ file, names }) =>
      file === "lib/setup/set_up.ts" && names.has("findInstall")
    );
    const own = task === "check" ? TOOL_GROUPS : groupsForTask(task, "linux");
    // What the systems of guests name.
    const setUpGroups = ["image", "binfmt", "seed", "init"] as const;
    const groups = setsUp ? [...own, ...setUpGroups] : own;
    for (const { programs, groups: of, versionArgs } of TOOLS) {
      if (versionArgs === undefined || !of.some((group) => groups.includes(group))) continue;
      for (const program of programs) add(program, "a tool");
    }
  }
  for (const name of SYSTEM.filter((name) => found.has(name))) {
    for (const place of systemPlaces(name)) add(place, found.get(name)![0]!);
  }
  return found;
}

Deno.test("what setup-images installs while it works is in its set by its path: Deno looks names up at its start", () => {
  for (const arch of ARCHS) assertEquals(setOf("setup-images").run.includes(crossGcc(arch)), true);
});

Deno.test("modules that these tests name exist", () => {
  const known = [...Object.keys(STARTERS), ...Object.keys(NOT_RUN), ...DATA, ENVIRONMENT];
  assertEquals(known.filter((file) => !modules.has(file)), []);
});

const fileOf = (task: string) =>
  task === "install" ? "lib/host/tools/install_main.ts" : `tasks/${task.replaceAll("-", "_")}.ts`;

for (const task of Object.keys(table.tasks)) {
  Deno.test(`the set of ${task} names the programs that its code starts, and no others`, () => {
    const found = programsOf(task, reach(modules, fileOf(task)));
    const named: string[] = setOf(task).run ?? [];
    const lacking = [...found].filter(([program]) => !named.includes(program))
      .map(([program, files]) => `${program}: ${files.join(", ")}`);
    assertEquals({ lacking, needless: named.filter((name) => !found.has(name)) }, {
      lacking: [],
      needless: [],
    });
  });
}

/** What Deno guards by a name of its own, and the calls that ask for it. */
const SYS: Readonly<Record<string, readonly string[]>> = {
  cpus: ["cpus"],
  gid: ["Deno.gid"],
  networkInterfaces: ["Deno.networkInterfaces"],
  statfs: ["statfs"],
  systemMemoryInfo: ["Deno.systemMemoryInfo"],
  uid: ["Deno.uid"],
};
const NET = ["Deno.connect", "Deno.listen", "fetch"];

/** Directories, and the functions that say where they are. */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  "./.guesthouse": ["stateDir", "runsDir", "locksDir"],
  "./artifacts": ["artifactsDir"],
  "./images/cache": ["imageCacheDir"],
  "./images/dist": ["imagesDir"],
  "./logs": ["logsDir"],
  "./nix": ["pinsFile", "recordLock"],
};

for (const task of Object.keys(table.tasks)) {
  Deno.test(`the set of ${task} has exactly what its code asks the system for`, () => {
    const reached = [...reach(modules, fileOf(task))];
    const calls = new Set(reached.flatMap(({ calls }) => [...calls]));
    const names = new Set(reached.flatMap(({ names }) => [...names]));
    const { sys = [], net = false, write = [] } = setOf(task);
    const asked = Object.keys(SYS).filter((name) => SYS[name]!.some((call) => calls.has(call)));
    assertEquals({ sys, net }, { sys: asked, net: NET.some((call) => calls.has(call)) });
    const needless = write.filter((path: string) =>
      WRITTEN[path]?.every((name) => !names.has(name))
    );
    assertEquals(needless, []);
  });

  Deno.test(`the set of ${task} covers the variables that its code reads, and no others`, () => {
    const reached = [...reach(modules, fileOf(task))];
    const { env = [], run = [] } = setOf(task);
    if (env === true) return assertEquals(run.includes("sh"), true);
    const programs = run.map((path: string) => path.split("/").at(-1)!.replace("limited_", ""));
    const passed = programs.flatMap((name: string) => passedTo(name.replace(/\.sh$/, "")));
    const read = reached.flatMap(({ variables }) => [...variables]);
    const known = new Set([
      ...[...passed, ...read, ...COMMON_VARIABLES],
      ...reached.flatMap(({ file, literals }) => file === ENVIRONMENT ? [] : [...literals]),
    ]);
    const covers = (name: string) => env.includes(name) || name.startsWith("LC_");
    assertEquals({
      lacking: read.filter((name) => !covers(name)),
      needless: env.filter((name: string) => !known.has(name) && name !== "LC_*"),
    }, { lacking: [], needless: [] });
  });
}

/** Where it is said which variables programs get. */
const ENVIRONMENT = "lib/base/process/clean_environment.ts";

const passedTo = (program: string) =>
  MORE_VARIABLES[program] ?? (program.startsWith("qemu-system-") ? WINDOW_VARIABLES : []);
