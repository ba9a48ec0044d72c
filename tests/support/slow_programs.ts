// Stand-ins for what takes minutes of a part's build: Debian's packages are small ones from here, and
// each program takes a moment, so that a build can be met at any of its phases.
import { join } from "@std/path";
import { $ } from "../../lib/base/process/dollar.ts";
import { findProgram } from "../../lib/base/process/find_program.ts";

/** Writes scripts that come before the programs of their names; returns the variables for a task. */
async function programs(
  dir: string,
  scripts: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const bin = join(dir, "slow");
  await Deno.mkdir(bin, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    await Deno.writeTextFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return { PATH: `${bin}:${Deno.env.get("PATH")}` };
}

/** Packs a directory as Debian's package; returns its path. */
async function packDeb(dir: string): Promise<string> {
  const control =
    "Package: test\nVersion: 1\nArchitecture: all\nMaintainer: test\nDescription: t\n";
  await Deno.mkdir(join(dir, "DEBIAN"), { recursive: true });
  await Deno.writeTextFile(join(dir, "DEBIAN/control"), control);
  await $`dpkg-deb --root-owner-group -Znone --build ${dir} ${`${dir}.deb`}`;
  return `${dir}.deb`;
}

/** apt that has one package, and takes a second to find that out. */
const apt = (deb: string, name: string) => ({
  "apt-get": `case "$*" in *update*) sleep 1;; *download*) cp '${deb}' .;; esac`,
  "apt-cache": `echo '  Depends: ${name}'`,
});

/** Debian's package of a kernel, with a real kernel and no modules, which take long to be indexed. */
export async function slowKernelPackage(
  dir: string,
  vmlinuz: string,
): Promise<Record<string, string>> {
  const [version, tree] = ["6.1.0-0-test", join(dir, "kernel-package")];
  await Deno.mkdir(join(tree, "boot"), { recursive: true });
  await Deno.copyFile(vmlinuz, join(tree, `boot/vmlinuz-${version}`));
  const deb = await packDeb(tree);
  return await programs(dir, { ...apt(deb, `linux-image-${version}`), depmod: "sleep 60" });
}

/** Takes any configuration for good, and for ever to compile. */
const MAKEFILE = `allnoconfig:
\tsleep 1
\tcp $(KCONFIG_ALLCONFIG) $(O)/.config
vmlinux bzImage Image:
\tsleep 600
`;

/** Debian's package of the kernel's sources, with next to nothing in it. */
export async function slowKernelSources(dir: string): Promise<Record<string, string>> {
  const [name, tree] = ["linux-source-6.1", join(dir, "sources-package")];
  await Deno.mkdir(join(dir, name), { recursive: true });
  await Deno.mkdir(join(tree, "usr/src"), { recursive: true });
  await Deno.writeTextFile(join(dir, name, "Makefile"), MAKEFILE);
  const packed = join(tree, "usr/src", `${name}.tar.xz`);
  await $`tar --create --xz --file ${packed} ${name}`.cwd(dir);
  return await programs(dir, {
    ...apt(await packDeb(tree), name),
    tar: `sleep 1; exec ${findProgram("tar")!.path} "$@"`,
  });
}
