import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { formatError, UsageError } from "../base/errors.ts";
import {
  definePlatform,
  loadPlatform,
  loadPlatforms,
  type PlatformInput,
  platformNames,
} from "./platform.ts";

const CONFIGS = fromFileUrl(new URL("../../configs/platforms", import.meta.url));
const MODULE = new URL("./platform.ts", import.meta.url).href;

const input = {
  name: "test-arm64",
  os: "linux",
  arch: "aarch64",
  diskImage: "test-arm64/disk.qcow2",
  machine: "virt",
  image: {
    kind: "debian",
    suite: "bookworm",
    debArch: "arm64",
    packages: ["g++"],
    kernelPackage: "linux-image-cloud-arm64",
    diskGiB: 8,
    provision: "provision/debian.sh",
  },
} satisfies PlatformInput;

/** A directory of platform files by name. A text without `export` becomes a call of definePlatform. */
async function makeConfigs(
  files: Readonly<Record<string, unknown>>,
): Promise<{ dir: string } & AsyncDisposable> {
  const dir = await Deno.makeTempDir({ prefix: "guesthouse-platforms-" });
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === "string"
      ? content
      : `import { definePlatform } from ${JSON.stringify(MODULE)};\n` +
        `export default definePlatform(${JSON.stringify(content)});\n`;
    await Deno.writeTextFile(join(dir, name), text);
  }
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

Deno.test("definePlatform() fills in every default", () => {
  assertEquals(definePlatform(input), {
    ...input,
    ssh: { port: "auto", user: "ci" },
    cmakeFlags: [],
    nprocCommand: ["nproc"],
    cpu: { tcg: "max,pauth-impdef=on", kvm: "host", hvf: "host" },
    memoryMiB: 1024,
    cores: 2,
    powerdown: "qmp",
    machine: "virt",
    setUp: "when named",
    timeouts: { bootMs: 120_000, shutdownMs: 15_000 },
  } as ReturnType<typeof definePlatform>);
  const amd64 = {
    ...input,
    arch: "x86_64",
    image: { ...input.image, debArch: "amd64" },
    cpu: { kvm: "Haswell" },
  } as const;
  assertEquals(definePlatform(amd64).cpu, {
    tcg: "max,la57=off,smep=off,smap=off,erms=off,fsrm=off",
    kvm: "Haswell",
    hvf: "host",
  });
});

Deno.test("definePlatform() keeps what is set", () => {
  const set: PlatformInput = {
    ...input,
    kernel: "test-arm64/vmlinuz",
    initramfs: "test-arm64/initramfs",
    append: "quiet",
    ssh: { port: 2222, user: "root" },
    cmakeFlags: ["-DX=1"],
    nprocCommand: ["echo", "1"],
    cpu: { tcg: "a", kvm: "b", hvf: "c" },
    memoryMiB: 2048,
    cores: 4,
    powerdown: "ssh",
    setUp: "always",
    timeouts: { bootMs: 5000, shutdownMs: 2000 },
  };
  assertEquals(definePlatform(set), set as ReturnType<typeof definePlatform>);
  assertEquals(definePlatform(definePlatform(set)), definePlatform(set));
});

Deno.test("definePlatform() reports all faults at once", () => {
  const wrong = {
    ...input,
    name: "Debian",
    arch: "arm",
    diskImage: "../disk.qcow2",
    initramfs: "initramfs",
    ssh: { prot: 22, port: 70000 },
    memoryMib: 1024,
    cores: "2",
    image: { ...input.image, packages: "g++", kind: "debian" },
  };
  const error = assertThrows(() => definePlatform(wrong as unknown as PlatformInput), UsageError);
  assertEquals(formatError(error).split("\n"), [
    'Cannot use platform "Debian": 9 faults',
    '  name: found "Debian", wanted a name like "debian-amd64"',
    '  arch: found "arm", wanted "x86_64" or "aarch64" or "armv7" or "i686" or ' +
    '"ppc64le" or "s390x" or "riscv64"',
    '  diskImage: found "../disk.qcow2", wanted a path inside the images directory',
    '  ssh.port: found 70000, wanted "auto" or a port from 1 to 65535',
    '  ssh.prot: unknown field, did you mean "port"?',
    '  cores: found "2", wanted CPUs, a whole number from 1 to 256',
    '  image.packages: found "g++", wanted a list of package names',
    '  memoryMib: unknown field, did you mean "memoryMiB"?',
    "  kernel: found nothing, wanted a kernel, as initramfs is set",
    "  next: edit its file in configs/platforms",
  ]);
});

Deno.test("definePlatform() refuses what does not go together", () => {
  const wrong = { ...input, os: "freebsd", arch: "x86_64" } as const;
  assertEquals(assertThrows(() => definePlatform(wrong), UsageError).details, [
    'image.debArch: found "arm64", wanted "amd64", as arch is "x86_64"',
    'os: found "freebsd", wanted "linux", as image.kind is "debian"',
  ]);
  const unknownKind = { ...input, image: { kind: "alpine" } } as unknown as PlatformInput;
  assertEquals(assertThrows(() => definePlatform(unknownKind), UsageError).details, [
    'image.kind: found "alpine", wanted kind "debian" or "ubuntu" or "freebsd" or "netbsd"',
  ]);
});

Deno.test("loadPlatforms() loads the platforms of the checkout", async () => {
  const platforms = await loadPlatforms(CONFIGS);
  assertEquals(platforms.map(({ name }) => name), await platformNames(CONFIGS));
  for (const name of ["debian-amd64", "debian-arm64"]) {
    assertEquals((await loadPlatform(CONFIGS, name)).name, name);
  }
});

Deno.test("loadPlatforms() loads every file as a platform, except shared parts", async () => {
  await using configs = await makeConfigs({
    "test_arm64.ts": input,
    "other.ts": `export default ${JSON.stringify({ ...input, name: "other" })};\n`,
    "_shared.ts": "export const packages = [];\n",
    "other_test.ts": "",
    "README.md": "",
  });
  assertEquals(await platformNames(configs.dir), ["other", "test-arm64"]);
  const names = (await loadPlatforms(configs.dir)).map(({ name }) => name);
  assertEquals(names, ["other", "test-arm64"]);
});

Deno.test("loadPlatform() names the nearest platform and all that are known", async () => {
  const failure = async (name: string) =>
    formatError(await assertRejects(() => loadPlatform(CONFIGS, name), UsageError))
      .replaceAll(CONFIGS, "DIR").split("\n");
  const known = (await platformNames(CONFIGS)).join(", ");
  assertEquals(await failure("debian-amd46"), [
    'Cannot find platform "debian-amd46": there is no such platform, did you mean "debian-amd64"?',
    `  known: ${known}`,
    "  next: name one of these, or add a file to DIR",
  ]);
  assertEquals(
    (await failure("../../etc/passwd"))[0],
    'Cannot find platform "../../etc/passwd": there is no such platform',
  );
});

Deno.test("loadPlatforms() names file and field of every fault, in all files", async () => {
  await using configs = await makeConfigs({
    "bad_fields.ts": { ...input, name: "bad-fields", cores: 0, memory: 1 },
    "bad_name.ts": input,
    "bad_syntax.ts": "export default {;\n",
    "no_default.ts": "export const platform = 1;\n",
    "throws.ts": 'throw new Error("no luck");\n',
    "good.ts": { ...input, name: "good" },
  });
  const error = await assertRejects(() => loadPlatforms(configs.dir), UsageError);
  const lines = formatError(error).replaceAll(configs.dir, "DIR").split("\n");
  assertMatch(lines[4]!, /^ {2}DIR\/bad_syntax\.ts: .*SyntaxError: .* at file:.*:1:17$/);
  assertEquals(lines.toSpliced(4, 1), [
    "Cannot load the platforms: 6 faults",
    "  DIR/bad_fields.ts: cores: found 0, wanted CPUs, a whole number from 1 to 256",
    '  DIR/bad_fields.ts: memory: unknown field, did you mean "memoryMiB"?',
    '  DIR/bad_name.ts: name: found "test-arm64", wanted "bad-name", as the file is named',
    "  DIR/no_default.ts: default export: found nothing, wanted definePlatform({...}); a part " +
    "that platforms share has a name that starts with _",
    "  DIR/throws.ts: Error: no luck",
    "  next: edit the files named above",
  ]);
});

Deno.test("loadPlatform() loads a valid platform beside a broken one", async () => {
  await using configs = await makeConfigs({
    "broken.ts": "export default {;\n",
    "test_arm64.ts": input,
  });
  assertEquals((await loadPlatform(configs.dir, "test-arm64")).cores, 2);
  const error = await assertRejects(() => loadPlatform(configs.dir, "broken"), UsageError);
  assertEquals(error.message, 'Cannot load platform "broken": 1 fault');
  assertEquals(error.next, `edit ${join(configs.dir, "broken.ts")}`);
});

Deno.test("platformNames() says so when the directory is missing", async () => {
  const error = await assertRejects(() => platformNames("/nonexistent/platforms"), UsageError);
  assertEquals(error.message, "Cannot list the platforms: /nonexistent/platforms cannot be read");
});
