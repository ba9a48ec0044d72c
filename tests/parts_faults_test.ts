// Image parts that cannot be built, through `deno task`: wrong words, a host that lacks something, a
// full disk, a program of another architecture. Stand-ins lie where finished parts would.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { findProgram } from "../lib/base/process/find_program.ts";
import type { PartRequest } from "../lib/image/parts/part_names.ts";
import { copyCheckout, copyPackages } from "./support/checkouts.ts";
import { makeSandbox, type Sandbox } from "./support/harness.ts";
import { hostWithout, nextCommand } from "./support/hosts.ts";
import { withSmallDisk } from "./support/small_disk.ts";
import { assertFailure } from "./support/outcome.ts";
import { placePart, programFor, seeImages } from "./support/stand_ins.ts";

const ARCH = Deno.build.arch;
const OTHER = ARCH === "x86_64" ? "aarch64" : "x86_64";
const isDebianRoot = Deno.uid() === 0 && findProgram("apt-get") !== undefined;

/** Where a sandbox has its images. */
const imagesOf = (box: Sandbox) => join(box.dir, "images/dist");

/** The names of what lies in a directory, sorted. */
const namesIn = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir), ({ name }) => name)).sort();

/** Stand-ins for the parts that an initramfs embeds. */
async function placeEmbedded(box: Sandbox, tinyInitFor: PartRequest["arch"]): Promise<void> {
  using _ = seeImages(imagesOf(box));
  await placePart({ name: "tiny-init", arch: ARCH }, () => programFor(tinyInitFor, 2 ** 20));
  await placePart({ name: "kernel", arch: ARCH }, () => new Uint8Array(512));
}

Deno.test("tasks of image parts refuse unknown variants and architectures, and name the nearest", async () => {
  await using box = await makeSandbox();
  const cases: [string, string[], string[]][] = [
    ["build-qcow2", ["pyton"], ['unknown VARIANT "pyton"', 'did you mean "python"?']],
    ["build-qcow2", [], ["missing argument VARIANT"]],
    ["build-qcow2", ["raw", "x86-64"], ['unknown ARCH "x86-64"', 'did you mean "x86_64"?']],
    ["build-qcow2", ["raw", "--fs", "ext3"], ["--fs", "ext4"]],
    ["build-guest-agent", ["arm64"], ['unknown ARCH "arm64"']],
    ["build-tiny-init", ["aarch46"], ['unknown ARCH "aarch46"', 'did you mean "aarch64"?']],
    ["extract-kernel", ["al"], ['unknown ARCH "al"', 'did you mean "all"?']],
    ["build-kernel", ["amd64"], ['unknown ARCH "amd64"']],
    ["build-initramfs", ["x86_64", "aarch64"], ["aarch64"]],
    ["build-images", ["--graph", "dot"], ["--graph", "mermaid"]],
  ];
  for (const [task, args, says] of cases) {
    const outcome = await box.task(task, args);
    assertFailure(outcome, { exit: 2, says: [`Cannot run "${task}": `, ...says, "usage: "] });
    assertEquals(outcome.stdout, "");
  }
});

const CROSS_GCC = `/usr/bin/${OTHER}-linux-gnu-gcc`;

Deno.test({
  name: "without a tool, a task of image parts ends with status 3 and the command that installs it",
  ignore: !isDebianRoot,
  async fn() {
    const cases: [string, string[], RegExp, string][] = [
      ["build-kernel", [], /^(flex|bison)$/, "flex, bison"],
      ["extract-kernel", [], /^dpkg-deb$/, "dpkg-deb"],
      ["build-qcow2", ["raw"], /^(mmdebstrap|mkfs\.erofs)$/, "mmdebstrap, mkfs.erofs"],
      ["build-images", [], /^bc$/, "bc"],
    ];
    for (const [task, args, without, lacks] of cases) {
      await using box = await makeSandbox();
      const env = { PATH: await hostWithout(box, without), GUESTHOUSE_IMAGES: imagesOf(box) };
      const outcome = await box.task(task, args, { env });
      assertFailure(outcome, { exit: 3, says: [`Cannot continue: this host lacks ${lacks}\n`] });
      assertMatch(outcome.stderr, nextCommand(task));
      await box.assertClean();
    }
  },
});

/** Runs a command in mounts of its own, where a file is no program. */
const withoutFile = (path: string) => [
  ...["unshare", "--mount", "sh", "-c", 'mount --bind /dev/null "$0" && exec "$@"', path],
];

Deno.test({
  name: "without the linker of another architecture, build-tiny-init ends with status 3",
  ignore: !isDebianRoot || findProgram(CROSS_GCC) === undefined,
  async fn() {
    await using box = await makeSandbox();
    const env = { GUESTHOUSE_IMAGES: imagesOf(box) };
    const wrapper = withoutFile(CROSS_GCC);
    const outcome = await box.task("build-tiny-init", [OTHER], { env, wrapper });
    assertFailure(outcome, {
      exit: 3,
      says: [`Cannot continue: this host lacks ${OTHER}-linux-gnu-gcc\n`],
    });
    assertMatch(outcome.stderr, nextCommand("build-tiny-init"));
    await box.assertClean();
  },
});

/** Runs a command in mounts of its own, with an empty file system over a directory. */
const withEmpty = (dir: string) => [
  ...["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs "$0" && exec "$@"', dir],
];

Deno.test({
  name: "without Rust's library, build-guest-agent ends with status 3 and says how to install it",
  ignore: !isDebianRoot || findProgram("/usr/lib/rustlib") === undefined,
  async fn() {
    await using box = await makeSandbox();
    // Deno's own modules stay where they are.
    const DENO_DIR = Deno.env.get("DENO_DIR") ??
      join(Deno.env.get("HOME") ?? "/root", ".cache/deno");
    const env = {
      GUESTHOUSE_IMAGES: imagesOf(box),
      ...{ DENO_DIR, HOME: box.dir, RUSTUP_HOME: box.dir },
    };
    const wrapper = withEmpty("/usr/lib/rustlib");
    const outcome = await box.task("build-guest-agent", [], { env, wrapper });
    assertFailure(outcome, { exit: 3, says: [`this host lacks rust-std-${ARCH}\n`] });
    assertMatch(outcome.stderr, nextCommand("build-guest-agent"));
  },
});

/** What is built on a disk that is too small for it. */
const ON_SMALL_DISK = [
  // Less than its own output takes, which is as large as what it packs.
  { task: "build-initramfs", args: [], bytes: 1_600_000 },
  { task: "build-tiny-init", args: ["--force"], bytes: 1_600_000 },
  // The packages themselves, and not what they unpack to.
  { task: "build-qcow2", args: ["raw"], bytes: 100 * 2 ** 20 },
];

for (const { task, args, bytes } of ON_SMALL_DISK) {
  Deno.test({
    name: `a full disk ends ${task} with its cause, and nothing of it is left`,
    ignore: !isDebianRoot,
    async fn() {
      await using box = await makeSandbox();
      await placeEmbedded(box, ARCH);
      if (task === "build-qcow2") {
        using _ = seeImages(imagesOf(box));
        await placePart({ name: "guest-agent", arch: ARCH }, () => programFor(ARCH, 2 ** 20));
        await copyPackages(box, join(box.dir, "images/cache"));
      }
      const list = join(box.dir, "list");
      const env = { GUESTHOUSE_IMAGES: imagesOf(box) };
      const wrapper = withSmallDisk(join(box.dir, "images"), bytes, list);
      const outcome = await box.task(task, args, { env, wrapper });
      assertFailure(outcome, {
        exit: 3,
        says: ["a disk of this host is full\n", "No space left on device", "next: deno task gc"],
      });
      const left = (await Deno.readTextFile(list)).split("\n");
      assert(left.includes(join(imagesOf(box), `tiny-init-${ARCH}`)), "the former part stays");
      const made = /\/(?:initramfs-[^/]*|[^/]*\.qcow2|part-[^/]*)$/;
      assertEquals(left.filter((path) => made.test(path) && !path.endsWith(".lock")), []);
      await box.assertClean();
      if (task !== "build-initramfs") return;
      // With room the same build goes through.
      const again = await box.task(task, args, { env });
      assertEquals(again.code, 0, again.stderr);
    },
  });
}

Deno.test("a program of another architecture is not packed into an initramfs", async () => {
  await using box = await makeSandbox();
  await placeEmbedded(box, OTHER);
  const env = { GUESTHOUSE_IMAGES: imagesOf(box) };
  assertFailure(await box.task("build-initramfs", [], { env }), {
    exit: 1,
    says: [
      `tiny-init-${ARCH}: it is for ${OTHER}, and ${ARCH} is needed\n`,
      `next: deno task build-images ${ARCH} --force`,
    ],
  });
  const made = await namesIn(imagesOf(box));
  assertEquals(made.filter((name) => name.startsWith("initramfs")), []);
  assertEquals((await namesIn(join(box.dir, "images/cache"))).filter((n) => /^part-/.test(n)), []);
});

Deno.test("a part that fails does not affect the others, and says where its log is", async () => {
  await using box = await makeSandbox();
  {
    using _ = seeImages(imagesOf(box));
    await placePart({ name: "kernel", arch: ARCH }, () => new Uint8Array(512));
    await placePart({ name: "tiny-init", arch: ARCH }, () => new Uint8Array(512));
  }
  const outcome = await box.task("build-initramfs", [], {
    env: { GUESTHOUSE_IMAGES: imagesOf(box) },
  });
  assertFailure(outcome, { exit: 1, says: ["it is no ELF file at all"] });
  const log = join(box.dir, `logs/part-initramfs-${ARCH}.log`);
  assertMatch(outcome.stderr, new RegExp(`^initramfs ${ARCH}: error .*see ${log}$`, "m"));
  assertMatch(outcome.stderr, new RegExp(`^kernel ${ARCH}: pass  up to date$`, "m"));
  assertMatch(await Deno.readTextFile(log), /^building initramfs .*\n== pack$/m);
});

Deno.test({
  name: "a module that the kernel's package lacks is named",
  ignore: !isDebianRoot,
  async fn() {
    await using box = await makeSandbox();
    const checkout = await copyCheckout(box, "copy");
    const source = join(checkout.dir, "lib/image/parts/distribution_kernel.ts");
    const text = await Deno.readTextFile(source);
    assert(text.includes('"zram"'));
    await Deno.writeTextFile(source, text.replace('"zram"', '"no_such_module"'));
    const outcome = await checkout.task("extract-kernel");
    assertFailure(outcome, {
      exit: 1,
      says: [
        'kernel module "no_such_module" is missing\n',
        "next: correct GUEST_MODULES in lib/image",
      ],
    });
    assertEquals(await namesIn(checkout.images), []);
    await box.assertClean();
  },
});
