// What is spelled in one place: names of architectures in lib/config/archs.ts, and what guests' systems
// are told in lib/image/system/. Another architecture or system is then found by nobody else. And what
// macOS does not have is asked for only where something else takes its place there.
import { assertEquals } from "@std/assert";
import { walk } from "@std/fs";
import { join, relative } from "@std/path";
import { root } from "../lib/base/files/paths.ts";

/** Something that only some files may spell, each for a reason; the beginning of a path is enough. */
interface Spelling {
  readonly pattern: RegExp;
  readonly allowed: Readonly<Record<string, string>>;
}

const SPELLINGS: Readonly<Record<string, Spelling>> = {
  "an architecture": {
    pattern: /\b(x86_64|aarch64|amd64|arm64|armhf|i386|ppc64el|s390x|riscv64)\b/,
    allowed: {
      "lib/config/archs.ts": "the table",
      "lib/config/dev_names.ts": "which one dev guests have",
      "lib/host/accelerator/probe_image": "machine code, by architecture",
      "lib/image/format/elf.ts": "names of all machines in the specification of ELF",
      "lib/image/system/debian/merge_usr_hook.sh": "where Debian keeps dynamic linkers",
      "lib/dev/flavour/nixos/": "Nix's name of the system that it builds",
      "lib/symptoms/": "commands for people on their hosts",
      "tasks/arm_dev": "help: which program the task runs",
    },
  },
  "a condition on a distribution or a system": {
    pattern:
      /([!=]==|\bcase) *"(debian|ubuntu|fedora|nixos|alpine|freebsd|netbsd)"|"(debian|ubuntu|fedora|nixos|alpine|freebsd|netbsd)" *[!=]==/,
    allowed: {
      "lib/host/tools/": "programs of the host, by its distribution",
      "lib/dev/load_flavour.ts": "which flavour a name means",
    },
  },
  "an option or a file that macOS does not have": {
    pattern:
      /--sparse=|--one-file-system|--reflink|--propagation|-printf\b|"-r"|readlink -f|readlink", "-z|sed -i|stat -c|mktemp -p|\b(unshare|setpriv|setsid|losetup)\b|memfd|\/(proc|sys)\/|\/dev\/shm|os-release/,
    allowed: {
      "lib/base/process/copy_sparse.ts": "on Linux alone",
      "lib/base/process/end_marked.sh": "if there is a /proc; ps otherwise",
      "lib/base/process/remove_tree.ts": "on Linux alone",
      "lib/base/process/start_time.ts": "on Linux; ps on macOS",
      "lib/base/process/supervise.sh": "if there is a setsid; job control otherwise",
      "lib/ci/kept_build.ts": "the guest's find",
      "lib/dev/share/share_owner.ts": "on Linux alone",
      "lib/dev/share/virtiofsd_program.ts": "virtiofsd is Linux's; 9p otherwise",
      "lib/dev/state/state.ts": "on Linux; ps on macOS",
      "lib/dev/sync/sync_list.ts": "the guest's find",
      "lib/guest/": "programs of the guest",
      "lib/host/": "facts and tools of Linux hosts",
      "lib/image/": "images are built on Linux alone; guests' programs",
      "lib/micro/": "programs of the guest",
      "lib/qemu/share_args.ts": "memory that virtiofsd shares",
      "lib/symptoms/": "messages of Linux hosts",
    },
  },
  "a command of a guest's system": {
    pattern: /\bsudo\b|systemctl|\/dev\/vd[b-z]|\/home\/|\bapt-get\b|\bdpkg\b/,
    allowed: {
      "lib/image/system/debian/": "Debian's guests",
      "lib/image/system/ubuntu/": "Ubuntu's guests",
      "lib/image/system/bsd/": "FreeBSD's and NetBSD's guests",
      "lib/dev/flavour/nixos/": "NixOS's guests",
      "lib/dev/sync/sync.ts": "a command for people in the guest",
      "lib/base/files/foreign_files.ts": "a command for people on the host",
      "lib/base/process/clean_environment.ts":
        "what programs of the host find in their environment",
      "lib/diagnose/github_run.ts": "a command for people on the host",
      "lib/host/": "programs of the host, and commands for people there",
      "lib/symptoms/": "commands for people on their hosts",
      "tasks/": "help: which programs the task runs",
    },
  },
};

/** Names of platforms, as examples in messages and help. */
const PLATFORM = /\b(debian|linux|freebsd|netbsd)-(amd64|arm64)\b/g;

/** The lines of code of lib/ and tasks/ by path, without tests and comments. */
async function codeLines(): Promise<Map<string, string[]>> {
  const lines = new Map<string, string[]>();
  for (const dir of ["lib", "tasks"]) {
    for await (
      const { path } of walk(join(root, dir), { includeDirs: false, exts: [".ts", ".sh"] })
    ) {
      if (/_test(ing)?\.ts$|\/testdata\//.test(path)) continue;
      const text = (await Deno.readTextFile(path)).replaceAll(PLATFORM, "PLATFORM");
      const code = text.replaceAll(/^ *(\/\*\*|\*|\/\/|# |#!).*$/gm, "").replaceAll(
        / \/\/ .*$/gm,
        "",
      );
      // What an import names is where it stands.
      lines.set(relative(root, path), code.replaceAll(/\bfrom "[^"]*"/g, "").split("\n"));
    }
  }
  return lines;
}

const code = await codeLines();

for (const [what, { pattern, allowed }] of Object.entries(SPELLINGS)) {
  const hits = [...code].flatMap(([path, lines]) =>
    lines.filter((line) => pattern.test(line)).map((line) => ({ path, line: line.trim() }))
  );
  const mayBe = (path: string) => Object.keys(allowed).some((begin) => path.startsWith(begin));

  Deno.test(`${what} is spelled only where it may be`, () => {
    assertEquals(hits.filter(({ path }) => !mayBe(path)), []);
  });

  Deno.test(`${what} is spelled wherever that is allowed`, () => {
    const idle = Object.keys(allowed).filter((begin) =>
      !hits.some(({ path }) => path.startsWith(begin))
    );
    assertEquals(idle, []);
  });
}

Deno.test("each pattern finds what it is for", () => {
  const cases = {
    "an architecture": ['if (arch === "x86_64") {', "  aarch64: rule(183),", '["amd64", "arm64"]'],
    "a condition on a distribution or a system": [
      'if (image.kind === "debian") return;',
      'case "nixos":',
      '"freebsd" !== os',
    ],
    "an option or a file that macOS does not have": [
      "await $`cp --sparse=always -- ${from} ${to}`",
      '["find", dir, "-printf", "%P"]',
      '["cat", `/proc/${pid}/stat`]',
      '["unshare", "--user"]',
    ],
    "a command of a guest's system": [
      'ssh.exec(["sudo", "-n", "true"])',
      "mount /dev/vdb",
      "`/home/${user}`",
      '["systemctl", "poweroff"]',
    ],
  };
  for (const [what, lines] of Object.entries(cases)) {
    for (const line of lines) assertEquals(SPELLINGS[what]?.pattern.test(line), true, line);
  }
});
