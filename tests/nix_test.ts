// The files of nix/: they parse, are formatted, have no dead code, and say what they should.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { walk } from "@std/fs";
import { join } from "@std/path";
import { PROJECT_NIX } from "../lib/dev/flavour/nixos/local_file.ts";
import { findProgram } from "../lib/base/process/find_program.ts";
import { root } from "../lib/base/files/paths.ts";
import { $ } from "../lib/base/process/dollar.ts";
import { run } from "../lib/base/process/run.ts";
import { ensureCrateTool } from "./support/crate_tool.ts";
import {
  copyNix,
  evaluate,
  evaluateConfig,
  NIX_INSTANTIATE,
  STUB_NIXPKGS,
} from "./support/nix_eval.ts";

const DIRS = [PROJECT_NIX, join(root, "tests/nix")];

async function nixFiles(): Promise<string[]> {
  const found: string[] = [];
  for (const dir of DIRS) {
    for await (const { path } of walk(dir, { exts: [".nix"] })) found.push(path);
  }
  return found;
}

async function findsNoFault(command: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(command);
  assertEquals(code, 0, stdout + stderr);
}

Deno.test("every Nix file parses, with each variable defined", async () => {
  const files = await nixFiles();
  assert(files.length > 10, `found only ${files.length}`);
  await findsNoFault([...NIX_INSTANTIATE, "--parse", ...files]);
});

Deno.test("nixpkgs-fmt finds every Nix file formatted", async () => {
  await findsNoFault([await ensureCrateTool("nixpkgs-fmt", "1.3.0"), "--check", ...DIRS]);
});

Deno.test("deadnix finds no unused code", async () => {
  await findsNoFault([await ensureCrateTool("deadnix", "1.3.1"), "--fail", ...DIRS]);
});

// The crate "statix" of crates.io is a web server: the linter comes with nixpkgs alone.
const statix = findProgram("statix") !== undefined && findProgram("nix") !== undefined;
Deno.test({
  name: `statix finds nothing to improve${statix ? "" : " (skipped: only nixpkgs has it)"}`,
  ignore: !statix,
  fn: async () => {
    for (const dir of DIRS) await findsNoFault(["statix", "check", dir]);
  },
});

Deno.test("the guest's user is in wheel, and has no password that SSH accepts", async () => {
  const { users, security, services } = await evaluateConfig();
  const { armdev } = users.users;
  assertEquals(armdev.hashedPassword, "");
  assertEquals(armdev.extraGroups, ["wheel"]);
  assertEquals(armdev.isNormalUser, true);
  assertEquals(users.mutableUsers, false);
  const { settings } = services.openssh;
  assertEquals(settings.PasswordAuthentication, false);
  assertEquals(settings.KbdInteractiveAuthentication, false);
  assertEquals(settings.PermitEmptyPasswords, false);
  assertEquals(settings.PermitRootLogin, "no");
  assertEquals(security.pam.services.sshd.allowNullPassword, false);
});

Deno.test("armdev is logged in on ttys, on the serial line, and on a desktop if there is one", async () => {
  const { services, boot } = await evaluateConfig();
  assertEquals(services.getty.autologinUser, "armdev");
  assert(boot.kernelParams.some((word: string) => word.startsWith("console=ttyAMA0")));
  assertEquals(services.displayManager.autoLogin, null);
  const gui = await evaluateConfig("{ armDev.gui = true; }");
  assertEquals(gui.services.displayManager.autoLogin, { enable: true, user: "armdev" });
  assertEquals(gui.services.xserver.enable, true);
});

Deno.test("the project is mounted at /NAME, and the guest comes up without it", async () => {
  const { fileSystems } = await evaluateConfig('{ armDev.share.name = "hello-cmake"; }');
  const { device, fsType, options } = fileSystems["/hello-cmake"];
  assertEquals([device, fsType], ["share", "9p"]);
  for (const option of ["nofail", "version=9p2000.L", "cache=mmap"]) {
    assert(options.includes(option), `${option} is not in ${options}`);
  }
  const msize = Number(options.join(",").match(/msize=(\d+)/)?.[1]);
  assert(msize > 100_000 && msize <= 512_000, `msize is ${msize}`);
});

Deno.test("options of local.nix replace those of the mount, but for nofail", async () => {
  const local = '{ armDev.share = { mode = "virtiofs"; tag = "t"; options = [ "ro" "nodev" ]; }; }';
  const { fileSystems } = await evaluateConfig(local);
  assertEquals(fileSystems["/project"], {
    device: "t",
    fsType: "virtiofs",
    options: ["ro", "nodev", "nofail", "nosuid"],
  });
});

Deno.test("with rsync nothing is mounted, and armdev owns the directory", async () => {
  const { fileSystems, systemd } = await evaluateConfig('{ armDev.share.mode = "rsync"; }');
  // The stub keeps the name of a place that a condition has emptied; fileSystems has "/" as well.
  assertEquals(Object.keys(fileSystems), ["/"]);
  assertEquals(systemd.tmpfiles.rules, ["d /project 0755 armdev armdev -"]);
});

Deno.test("a VM build shares the project by an option of its own", async () => {
  const { virtualisation } = await evaluateConfig();
  const { msize, sharedDirectories } = virtualisation.vmVariant.virtualisation;
  assertEquals(sharedDirectories.share.target, "/project");
  assertStringIncludes(sharedDirectories.share.source, "${ARM_DEV_SHARE:?");
  assert(msize > 16384);
});

Deno.test("ids follow the host's user, also on macOS", async () => {
  const linux = await evaluateConfig("{ armDev = { uid = 1234; gid = 2345; }; }");
  assertEquals(linux.users.users.armdev.uid, 1234);
  assertEquals(linux.users.users.armdev.group, "armdev");
  assertEquals(linux.users.groups.armdev.gid, 2345);
  const macos = await evaluateConfig("{ armDev = { uid = 501; gid = 20; }; }");
  const { uid, isNormalUser, group, createHome, home, useDefaultShell } = macos.users.users.armdev;
  // NixOS refuses a normal user below 1000, and 20 is the group lp there.
  assertEquals([uid, isNormalUser, group], [501, false, "users"]);
  assertEquals([createHome, home, useDefaultShell], [true, "/home/armdev", true]);
});

Deno.test("the user may have another name", async () => {
  const { users, services, systemd } = await evaluateConfig('{ armDev.user = "me"; }');
  assertEquals(users.users.me.home, "/home/me");
  assertEquals(services.getty.autologinUser, "me");
  assertEquals(services.openssh.settings.AllowUsers, ["me"]);
  assertEquals(systemd.tmpfiles.rules, ["d /project 0755 me me -"]);
});

Deno.test("direnv loads the project's environment, and keeps its cache in the guest", async () => {
  const { programs, environment } = await evaluateConfig();
  assertEquals(programs.direnv.enable, true);
  assertEquals(programs.direnv["nix-direnv"].enable, true);
  assertStringIncludes(environment.etc["direnv/direnv.toml"].text, '"/project/"');
  // The function as bash has it, since it is only text to Nix.
  const script = `${programs.direnv.direnvrcExtra}\ncd / && direnv_layout_dir`;
  const { stdout, stderr } = await $`bash -euc ${script}`.env({
    HOME: "/home/armdev",
    XDG_CACHE_HOME: "",
  });
  assertEquals(stderr, "");
  assertMatch(stdout, /^\/home\/armdev\/\.cache\/direnv\/layouts\/[0-9a-f]{16}\n$/);
});

Deno.test("garbage is collected, and old generations go", async () => {
  const { nix } = await evaluateConfig();
  assertEquals(nix.gc.automatic, true);
  assertMatch(nix.gc.options, /--delete-older-than \d+d/);
  assert(nix.settings["min-free"] < nix.settings["max-free"]);
});

Deno.test("the system is aarch64, without keys it warns", async () => {
  const { nixpkgs, warnings } = await evaluateConfig();
  assertEquals(nixpkgs.hostPlatform, "aarch64-linux");
  assertMatch(warnings.join(), /nobody can log in by SSH/);
  const withKey = await evaluateConfig('{ armDev.authorizedKeys = [ "ssh-ed25519 A" ]; }');
  assertEquals(withKey.warnings, []);
  assertEquals(withKey.users.users.armdev.openssh.authorizedKeys.keys, ["ssh-ed25519 A"]);
});

for (
  const [local, fault] of [
    ['{ armDev.uid = "1000"; }', "`uid' is not of type `positive integer'"],
    ['{ armDev.share.name = "../etc"; }', "`name' is not of type"],
    ['{ armDev.share.mode = "nfs"; }', "`mode' is not of type"],
    ["{ armDev.uuid = 1; }", "`armDev.uuid' does not exist"],
  ] as const
) {
  Deno.test(`local.nix with ${local} is refused by name`, async () => {
    await using copied = await copyNix(local);
    const { code, stderr } = await evaluate(
      `(import ${copied.dir} { nixpkgs = ${STUB_NIXPKGS}; }).config.armDev`,
    );
    assertEquals(code, 1);
    assertStringIncludes(stderr, fault);
  });
}

Deno.test("both entries build the same, from one release", async () => {
  await using copied = await copyNix('{ armDev.hostName = "mine"; }');
  const { value, stderr } = await evaluate(`
    let
      flake = import ${copied.dir}/flake.nix;
      stub = { lib = import ${STUB_NIXPKGS}/nixos/lib/lib.nix; };
      outputs = flake.outputs { nixpkgs = stub; };
      classic = import ${copied.dir} { nixpkgs = ${STUB_NIXPKGS}; };
      system = outputs.nixosConfigurations.armdev;
    in {
      input = flake.inputs.nixpkgs.url;
      release = import ${copied.dir}/release.nix;
      inherit (system) system;
      flake = [ system.config.system.build.toplevel outputs.packages.aarch64-linux.vm outputs.packages.aarch64-linux.image ];
      classic = [ classic.toplevel classic.vm classic.image ];
    }`);
  assert(value, stderr);
  assertEquals(value.input, `github:NixOS/nixpkgs/nixos-${value.release}`);
  assertEquals(value.system, "aarch64-linux");
  assertEquals(value.classic, ["toplevel of mine", "vm of mine", "image of mine"]);
  assertEquals(value.flake, value.classic);
});

Deno.test("the classic entry without a pin says how to take one", async () => {
  await using copied = await copyNix();
  const { code, stderr } = await evaluate(`(import ${copied.dir} { }).toplevel`);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "nix flake lock path:./nix");
});

const nixpkgs = Deno.env.get("NIXPKGS");
for (const attribute of ["toplevel", "vm", "image"]) {
  const note = nixpkgs === undefined ? " (skipped: NIXPKGS names no checkout)" : "";
  Deno.test({
    name: `real nixpkgs evaluates ${attribute} for aarch64-linux${note}`,
    ignore: nixpkgs === undefined,
    fn: async () => {
      await using copied = await copyNix('{ armDev.authorizedKeys = [ "ssh-ed25519 A" ]; }');
      const { value, stderr } = await evaluate(`
        let built = (import ${copied.dir} { nixpkgs = ${nixpkgs}; }).${attribute};
        in { inherit (built) drvPath system; }`);
      assert(value, stderr);
      assertMatch(value.drvPath, /\.drv$/);
      assertEquals(value.system, "aarch64-linux");
    },
  });
}
