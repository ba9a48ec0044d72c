import { assertArrayIncludes, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { InterruptedError, WorkError } from "../../../base/errors.ts";
import { root } from "../../../base/files/paths.ts";
import { $ } from "../../../base/process/dollar.ts";
import { haveProgram, sandbox } from "../../../base/host_testing.ts";
import { buildRootfs, mmdebstrapCommand, type RootfsRecipe } from "./rootfs.ts";

const RECIPE: RootfsRecipe = {
  suite: "bookworm",
  debArch: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
  arch: Deno.build.arch,
  packages: ["systemd-sysv", "cmake"],
  kernelPackage: "linux-image-cloud-amd64",
  provision: join(root, "provision/debian.sh"),
  firstBoot: join(root, "provision/debian_first_boot.sh"),
};

const here = dirname(fromFileUrl(import.meta.url));
const namesIn = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();

/** The command, but for the paths that are left out. */
function command(options: Partial<Parameters<typeof mmdebstrapCommand>[1]>): string[] {
  const defaults = {
    hooksDir: "/hooks",
    output: "/out.tar.zst",
    configure: "now",
    isRoot: true,
    hostArch: RECIPE.arch,
  };
  return mmdebstrapCommand(RECIPE, { ...defaults, ...options } as typeof defaults & typeof options)
    .filter((word) => !word.startsWith("--dpkgopt=path-exclude="));
}

Deno.test("mmdebstrapCommand() configures the packages if the host can run them", () => {
  assertEquals(command({ configure: "now" }), [
    "mmdebstrap",
    "--mode=root",
    `--architectures=${RECIPE.debArch}`,
    "--variant=minbase",
    "--format=tar",
    "--include=systemd-sysv",
    "--include=cmake",
    "--dpkgopt=force-unsafe-io",
    '--aptopt=Acquire::Languages "none"',
    "--aptopt=Acquire::Retries 3",
    "--essential-hook=/hooks/no-host-keys",
    "--customize-hook=/hooks/customize",
    "bookworm",
    "/out.tar.zst",
  ]);
});

Deno.test("mmdebstrapCommand() lends a foreign root programs, and takes them back first", () => {
  const hostArch = RECIPE.arch === "x86_64" ? "aarch64" as const : "x86_64" as const;
  const hooks = command({ hostArch }).filter((word) => word.includes("-hook="));
  assertEquals(hooks, [
    "--essential-hook=/hooks/no-host-keys",
    "--essential-hook=/hooks/lend-programs",
    "--customize-hook=/hooks/restore-programs",
    "--customize-hook=/hooks/customize",
  ]);
});

Deno.test("mmdebstrapCommand() only extracts them if it cannot", () => {
  const words = command({ configure: "first-boot", isRoot: false });
  assertEquals(words.slice(1, 3), ["--mode=unshare", `--architectures=${RECIPE.debArch}`]);
  assertArrayIncludes(words, [
    "--variant=extract",
    "--include=?essential",
    "--include=?priority(required)",
    "--include=apt",
    "--setup-hook=/hooks/merge-usr",
    "--extract-hook=/hooks/customize",
  ]);
  assertEquals(words.some((word) => word.startsWith("--customize-hook")), false);
});

/** Runs buildRootfs() with a directory of its own for temporary files; says what it has left there. */
async function attempt(
  recipe: Partial<RootfsRecipe>,
  options: { log?: (tmp: string) => void; signal?: AbortSignal } = {},
): Promise<{ error: Error; left: string[]; log: string[] }> {
  await using box = await sandbox();
  const tmp = join(box.path, "tmp");
  await Deno.mkdir(tmp);
  await using _env = await sandbox({ TMPDIR: tmp });
  const log: string[] = [];
  const error = await assertRejects(() =>
    buildRootfs({ ...RECIPE, ...recipe }, {
      output: join(box.path, "root.tar"),
      configure: "now",
      signal: new AbortController().signal,
      ...options,
      log: (line) => {
        log.push(line);
        options.log?.(tmp);
      },
    }), Error);
  return { error, left: await namesIn(tmp), log };
}

Deno.test({
  name: "buildRootfs() fails with the reason that the real mmdebstrap gives",
  ignore: !haveProgram("mmdebstrap"),
  async fn() {
    const { error, left, log } = await attempt({ debArch: "no-such-arch" });
    assertEquals(
      error.message,
      "Cannot build the root file system for no-such-arch: mmdebstrap exited with status 25",
    );
    const { details } = error as WorkError;
    assertEquals(error instanceof WorkError && details.length, 1);
    assertMatch(details[0] ?? "", /^E: no-such-arch can neither be executed natively/);
    assertArrayIncludes(log, details);
    assertEquals(left, []);
  },
});

Deno.test({
  name: "buildRootfs() throws the signal's reason when interrupted, and leaves nothing behind",
  ignore: !haveProgram("mmdebstrap"),
  async fn() {
    const interrupt = new AbortController();
    let stage: string[] = [];
    const { error, left } = await attempt({}, {
      signal: interrupt.signal,
      log: (tmp) => {
        if (interrupt.signal.aborted) return;
        interrupt.abort(new InterruptedError("Interrupted by SIGINT"));
        const [dir] = [...Deno.readDirSync(tmp)];
        stage = [...Deno.readDirSync(join(tmp, dir?.name ?? "", "open"))].map(({ name }) => name);
      },
    });
    assertArrayIncludes(stage, ["customize", "merge-usr", "provision.sh", "first_boot.sh"]);
    assertEquals(String(error), "InterruptedError: Interrupted by SIGINT");
    assertEquals(left, []);
  },
});

Deno.test("buildRootfs() leaves nothing behind if a script is missing", async () => {
  const { error, left } = await attempt({ provision: join(root, "provision/no_such.sh") });
  assertMatch(error.message, /no_such\.sh/);
  assertEquals(left, []);
});

for (
  const [arch, links] of [["amd64", ["bin", "lib", "lib64", "sbin"]], ["arm64", [
    "bin",
    "lib",
    "sbin",
  ]]] as const
) {
  Deno.test(`merge_usr_hook.sh lays the links of ${arch}, also over its own`, async () => {
    await using box = await sandbox();
    for (let time = 0; time < 2; time++) {
      const result = await $`sh ${join(here, "merge_usr_hook.sh")} ${box.path}`.env({
        GUESTHOUSE_DEB_ARCH: arch,
      });
      assertEquals(result, { code: 0, stdout: "", stderr: "" });
    }
    assertEquals(await namesIn(box.path), [...links, "usr"]);
    assertEquals(await namesIn(join(box.path, "usr")), [...links]);
    for (const name of links) {
      assertEquals(await Deno.readLink(join(box.path, name)), `usr/${name}`);
    }
  });
}

Deno.test({
  name: "native_programs_hook.sh gives a root back exactly as it was",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using box = await sandbox();
    const root = join(box.path, "root");
    await Deno.mkdir(join(root, "usr/bin"), { recursive: true });
    // Scripts in place of foreign programs: they cannot run in a chroot that has no shell.
    for (const name of ["dpkg-deb", "dash", "tar", "rm"]) {
      await Deno.writeTextFile(join(root, "usr/bin", name), `foreign ${name}`, { mode: 0o755 });
    }
    const tree = () => $`find ${root} -printf ${"%P %y %s %m %l\\n"}`.text();
    const before = await tree();
    const lend = join(box.path, "lend-programs");
    const restore = join(box.path, "restore-programs");
    for (const path of [lend, restore]) {
      await Deno.copyFile(join(here, "native_programs_hook.sh"), path);
    }
    // Only root may chroot; without it the hook finds that nothing runs, and takes all back.
    const lent = await $`sh ${lend} ${root}`;
    assertEquals(lent.code, 0, lent.stderr);
    if (Deno.uid() === 0) {
      const header = (await Deno.readFile(join(root, "usr/bin/tar"))).subarray(0, 4);
      assertEquals([...header], [0x7f, 0x45, 0x4c, 0x46]);
      // systemd refuses a root in which it is a directory.
      if (Deno.build.arch === "x86_64") {
        assertEquals(await Deno.readLink(join(root, "lib64")), "usr/lib64");
      }
    }
    const restored = await $`sh ${restore} ${root}`;
    assertEquals(restored.code, 0, restored.stderr);
    assertEquals((await tree()).split("\n").sort(), before.split("\n").sort());
    assertEquals(await Deno.readTextFile(join(root, "usr/bin/tar")), "foreign tar");
  },
});

for (const script of ["rootfs_hook.sh", "merge_usr_hook.sh", "native_programs_hook.sh"]) {
  Deno.test(`${script} is one that a shell can parse`, async () => {
    const result = await $`sh -n ${join(here, script)}`;
    assertEquals(result, { code: 0, stdout: "", stderr: "" });
  });
}
