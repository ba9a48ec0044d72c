// Builds the parts of microVMs and boots real ones, with the distribution's kernel.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { imagesDir } from "../lib/base/files/paths.ts";
import { makeSandbox } from "./support/harness.ts";
import { ARCH, BUILD_MS, buildPart, buildRaw, raw } from "./support/micro_vm.ts";
import { assertFailure, documentOf } from "./support/outcome.ts";

Deno.test("parts are built once, and what embeds a part only follows its bytes", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const again = await buildPart(box, "build-initramfs");
  assertEquals(again.filter((part) => part.built), []);
  assertEquals(again.length, 4);
  const initramfs = join(imagesDir(), `initramfs-${ARCH}`);
  const before = await Deno.readFile(initramfs);
  await Deno.remove(join(imagesDir(), `tiny-init-${ARCH}.hash`));
  const explained = await box.task("build-initramfs", ["--explain"]);
  assertStringIncludes(explained.stdout, `tiny-init ${ARCH}: would be built\n  no earlier build`);
  const rebuilt = await buildPart(box, "build-initramfs");
  const built = rebuilt.filter((part) => part.built).map(({ name }) => name);
  assertEquals(built, ["tiny-init"], "the same sources give the same bytes");
  assertEquals(await Deno.readFile(initramfs), before);
});

Deno.test("check-images finds a microVM in order", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const outcome = await box.task("check-images", [...raw(), "--json"]);
  assertEquals(outcome.code, 0, outcome.stderr);
  const [image] = documentOf(outcome).images;
  assertEquals(image.checks.map(({ name, ok }: { name: string; ok: boolean }) => [name, ok]), [
    ["version", true],
    ["clock", true],
    ["network off", true],
    ["file round trip", true],
    ["snippet", true],
  ]);
  await box.assertClean();
});

Deno.test("vm-run passes arguments, files, output and status through a microVM", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const [from, to] = [join(box.dir, "a file"), join(box.dir, "out")];
  await Deno.writeTextFile(from, "content\n");
  const script = 'cat /work/in; echo "$1"; echo oops >&2; tr a-z A-Z </work/in >/work/out; exit 7';
  const outcome = await box.task("vm-run", [
    ...raw("--upload", `${from}:/work/in`, "--download", `/work/out:${to}`),
    ...["--", "sh", "-c", script, "sh", "two words $HOME 'quoted'"],
  ]);
  assertEquals([outcome.code, outcome.stdout], [7, "content\ntwo words $HOME 'quoted'\n"]);
  assertStringIncludes(outcome.stderr, "oops\n");
  assertEquals(await Deno.readTextFile(to), "CONTENT\n");
  const evaluated = await box.task("vm-run", raw("--eval", "echo $((6 * 7)); kill -9 $$"));
  assertEquals([evaluated.code, evaluated.stdout], [137, "42\n"]);
  const around = await box.task(
    "vm-run",
    raw("--eval", "locale charmap; getent hosts ip6-localhost"),
  );
  assertMatch(around.stdout, /^UTF-8\n::1 .*\blocalhost\b/);
  await box.assertClean();
});

Deno.test("vm-run ends with its command, and with the reader of its output", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const run = (script: string, ...args: string[]) =>
    box.task("vm-run", raw(...args), { wrapper: ["sh", "-c", script, "sh"] });
  const cut = await run('{ "$@"; echo "status $?" >&2; } | head -n 1', "--", "yes");
  assertEquals(cut.stdout, "y\n");
  assertStringIncludes(cut.stderr, "status 141");
  assert(!cut.stderr.includes("Cannot"), cut.stderr);
  // Open on both sides, the pipe has nothing to give and no end.
  const pipe = join(box.dir, "pipe");
  const waiting = await run(`mkfifo ${pipe}; exec "$@" <>${pipe}`, "--", "true");
  assertEquals(waiting.code, 0, waiting.stderr);
  const failed = await run('exec "$@"', "--download", `/out:${box.dir}/out`, "--eval", "exit 3");
  assertEquals(failed.code, 3, failed.stderr);
  assertStringIncludes(failed.stderr, 'Cannot read "/out"');
  await box.assertClean();
});

Deno.test("vm-run says what is wrong with a command in a microVM", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const missing = await box.task("vm-run", raw("--", "no-such-program"));
  assertEquals(missing.code, 127, missing.stderr);
  assertStringIncludes(missing.stderr, "no-such-program");
  const slow = await box.task("vm-run", raw("--timeout", "1", "--", "sleep", "60"));
  assertFailure(slow, { exit: 4, says: ["no end within 1 s", "next: pass a longer --timeout"] });
  const hungry = "head -c 400000000 /dev/zero | tail -c 399999999 | wc -c";
  const full = await box.task("vm-run", raw("--memory", "192", "--eval", `exec sh -c '${hungry}'`));
  // What was killed is not the command itself.
  assertEquals([full.code, full.stdout], [0, "0\n"], full.stderr);
  assertStringIncludes(full.stderr, "ran out of memory and killed a process");
  await box.assertClean();
});

Deno.test("vm-run names the cause when a microVM does not come up", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const words = "guesthouse.rootfstype=btrfs";
  assertFailure(await box.task("vm-run", raw("--append", words, "--", "true")), {
    exit: 4,
    says: [
      "its root disk /dev/vda holds btrfs",
      "[init] status=65",
      `next: deno task build-images ${ARCH} --force`,
    ],
  });
  await box.assertClean();
});

Deno.test("vm-run --dry-run prints what starts a microVM, and starts nothing", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const { code, stdout, stderr } = await box.task("vm-run", raw("--dry-run", "--", "echo", "a b"));
  assertEquals(code, 0, stderr);
  const lines = stdout.trim().split("\n");
  assertEquals(lines.length, 3);
  assertStringIncludes(
    lines[0] ?? "",
    `qemu-img create -q -f qcow2 -F qcow2 -b ${imagesDir()}/raw-`,
  );
  assert(lines[1]?.startsWith(`qemu-system-${ARCH} `), lines[1]);
  assertEquals(lines[2], "guest$ echo 'a b'");
  await box.assertClean();
});

Deno.test("vm-run refuses what cannot work before it starts QEMU", async () => {
  await using box = await makeSandbox();
  await buildRaw(box);
  const cases: [string[], number, string[]][] = [
    [["raw"], 2, ["missing argument -- CMD"]],
    [["raw", "--eval", "true", "--", "true"], 2, [
      "--eval and -- CMD exclude each other: each says what to run",
    ]],
    [["debian-amd64", "--eval", "true"], 2, [
      '--eval is only for raw, python, node, not for "debian-amd64"',
    ]],
    [raw("--upload", "nowhere", "--", "true"), 2, ["it is not FILE:/GUEST/PATH"]],
    [raw("--upload", "/nowhere:/x", "--", "true"), 2, ["it does not exist"]],
    [raw("--download", "x:y", "--", "true"), 2, ["it is not /GUEST/PATH:FILE"]],
    [raw("--download", "/x:/tmp/no/such/x", "--", "true"), 2, ["no directory /tmp/no/such"]],
    [raw("--", "echo", ..."ab".repeat(60_000)), 2, ["at most 262144 fit", "--upload"]],
    [raw("--append", "root=/dev/vdb", "--", "true"), 2, ["the guest has one disk, /dev/vda"]],
  ];
  for (const [args, exit, says] of cases) {
    assertFailure(await box.task("vm-run", args), { exit, says });
  }
  const images = join(box.dir, "images/dist");
  const env = { GUESTHOUSE_IMAGES: images };
  assertFailure(await box.task("vm-run", ["raw", "--", "true"], { env }), {
    exit: 3,
    says: ["is missing or was changed", `next: deno task build-images ${ARCH} --yes`],
  });
  // With a disk that lost its last byte, only that has to be built.
  await Deno.mkdir(images, { recursive: true });
  const disk = `raw-base-${ARCH}.qcow2`;
  for (const name of [`vmlinuz-${ARCH}`, `initramfs-${ARCH}`, disk]) {
    for (const suffix of ["", ".json"]) {
      await Deno.copyFile(join(imagesDir(), name + suffix), join(images, name + suffix));
    }
  }
  await Deno.truncate(join(images, disk), (await Deno.stat(join(images, disk))).size - 1);
  assertFailure(await box.task("vm-run", raw("--", "true"), { env }), {
    exit: 3,
    says: [`${disk} is missing or was changed`, `next: deno task build-qcow2 raw ${ARCH} --yes`],
  });
});

// Once a cached agent of the wrong architecture went into an image: execv errno 8, exit code 0x6500
// and a kernel panic. It is refused when it is embedded, and tiny-init says so if one gets through.
for (
  const { part, task, args } of [
    { part: `tiny-init-${ARCH}`, task: "build-initramfs", args: [] },
    { part: `guest-agent-linux-${ARCH}`, task: "build-qcow2", args: ["raw"] },
  ]
) {
  Deno.test(`a ${part} that is for another architecture is not embedded`, async () => {
    await using box = await makeSandbox();
    await buildRaw(box);
    const other = ARCH === "x86_64" ? "aarch64" : "x86_64";
    const images = join(box.dir, "images/dist");
    await Deno.mkdir(images, { recursive: true });
    const env = { GUESTHOUSE_IMAGES: images };
    for (const suffix of ["", ".hash", ".json"]) {
      for (const name of [part, `modules-${ARCH}.cpio`, `vmlinuz-${ARCH}`]) {
        const from = join(imagesDir(), name + suffix);
        const to = join(images, name + suffix);
        await Deno.copyFile(from, to).catch(() => {});
      }
    }
    // Byte 18 of an ELF header is the architecture.
    const path = join(images, part);
    const bytes = await Deno.readFile(path);
    bytes[18] = other === "x86_64" ? 62 : 183;
    await Deno.writeFile(path, bytes);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    const { mtime } = await Deno.stat(path);
    await Deno.writeTextFile(
      `${path}.json`,
      JSON.stringify({ sha256: digest, bytes: bytes.length, mtimeMs: mtime?.getTime() }),
    );
    const outcome = await box.task(task, args, { env, timeoutMs: BUILD_MS });
    assertFailure(outcome, {
      exit: 1,
      says: [`it is for ${other}, and ${ARCH} is needed`, "--force"],
    });
    assertStringIncludes(outcome.stderr, `Cannot use ${path}`);
  });
}
