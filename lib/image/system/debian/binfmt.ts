import { join } from "@std/path";
import { lockFault } from "../../../base/files/lock.ts";
import { $, type Command } from "../../../base/process/dollar.ts";
import { ARCH, type Arch } from "../../../config/archs.ts";

const BINFMT = "/proc/sys/fs/binfmt_misc";

/** How programs of the guest's architecture can run on this host. */
interface Binfmt extends AsyncDisposable {
  /** `emulated`: the kernel starts qemu-user; `none`: scripts of packages cannot run. */
  readonly kind: "native" | "emulated" | "none";
  readonly reason: string;
}

/** Makes foreign programs runnable if the host or root can; the last user removes the rule. */
export async function ensureBinfmt(arch: Arch): Promise<Binfmt> {
  if (arch === Deno.build.arch) return verdict("native", "the host's own architecture");
  if (await isRegistered(ARCH[arch].qemu.user)) {
    return verdict("emulated", "binfmt_misc has a rule for it");
  }
  const rule = `guesthouse-${arch}`;
  // Not by our own rule, which is gone with the last of its users; another task may add it
  // meanwhile.
  const isOurs = () => isRegistered(rule);
  if (!await isOurs() && await runsThere(arch) && !await isOurs()) {
    return verdict("emulated", "the kernel runs them, by a rule that is not visible from here");
  }
  const interpreter = await findInterpreter(arch);
  if (interpreter === undefined) {
    return verdict("none", `${ARCH[arch].qemu.user}-static is not installed`);
  }
  using stack = new DisposableStack();
  // Shared by all who use the rule, other checkouts included, hence not a file of this one.
  const users = stack.use(await Deno.open(interpreter, { read: true }));
  await users.lock(false).catch((cause) => {
    throw lockFault(interpreter, cause);
  });
  const fault = await isOurs() ? undefined : await register(rule, arch, interpreter);
  if (fault !== undefined) return verdict("none", fault);
  const cleanup = stack.move();
  return {
    kind: "emulated",
    reason: `registered ${interpreter} with binfmt_misc`,
    async [Symbol.asyncDispose]() {
      using _ = cleanup;
      await users.unlock();
      // NFS grants no exclusive lock to a file that is open for reading; the rule then stays.
      if (await users.tryLock(true).catch(() => false)) {
        await writeKernelFile(join(BINFMT, rule), "-1");
      }
    },
  };
}

/** Whether a program of that architecture runs; containers do not see the rules of their host. */
async function runsThere(arch: Arch): Promise<boolean> {
  // In this directory there are such programs alone: nothing that could run them, as in the guest's
  // root.
  const asRoot = Deno.uid() === 0 ? [] : ["--user", "--map-root-user"];
  return await $`unshare ${asRoot} --root=/usr/lib/arch-test -- /${ARCH[arch].debian}`.code() === 0;
}

/** Returns why it cannot be registered, or `undefined`. */
async function register(
  rule: string,
  arch: Arch,
  interpreter: string,
): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "binfmt_misc has no rule for it, and only root may add one";
  if (!await haveKernelFile(join(BINFMT, "register"))) {
    const { code, stderr } = await $`mount -t binfmt_misc binfmt_misc ${BINFMT}`.noThrow();
    // Of two that mount it at once, one is refused.
    if (code !== 0 && !await haveKernelFile(join(BINFMT, "register"))) {
      return `cannot mount binfmt_misc: ${stderr.trim()}`;
    }
    if (await isRegistered(rule) || await isRegistered(ARCH[arch].qemu.user)) return undefined;
  }
  const { magic, mask } = elfRule(arch);
  // F: the interpreter is opened now, so that it is found from inside a chroot as well.
  const text = `:${rule}:M::${magic}:${mask}:${interpreter}:F`;
  const { code, stderr } = await writeKernelFile(join(BINFMT, "register"), text);
  // Of two that add it at once, the kernel refuses one.
  if (code === 0 || await isRegistered(rule)) return undefined;
  return `cannot register with binfmt_misc: ${stderr.trim()}`;
}

/** Whether an enabled rule of that name exists, with the "F" flag. */
async function isRegistered(rule: string): Promise<boolean> {
  const text = await $`cat ${join(BINFMT, rule)}`.noThrow().text();
  return text.startsWith("enabled") && /^flags:.*F/m.test(text);
}

// Deno itself opens nothing below /proc without all permissions, so a shell does.

async function haveKernelFile(path: string): Promise<boolean> {
  return await $`sh -c ${'[ -e "$0" ]'} ${path}`.code() === 0;
}

const writeKernelFile = (path: string, text: string): Command =>
  $`sh -c ${'printf %s "$1" >"$0"'} ${path} ${text}`.noThrow();

async function findInterpreter(arch: Arch): Promise<string | undefined> {
  const { user } = ARCH[arch].qemu;
  for (const name of [`${user}-static`, user]) {
    for (const dir of ["/usr/bin", "/usr/local/bin"]) {
      if (await exists(join(dir, name))) return join(dir, name);
    }
  }
  return undefined;
}

/**
 * The first 20 bytes of an architecture's ELF files, and which bits count (class, byte order,
 * version 1, type EXEC or DYN, `e_machine`). The OS ABI is 0 or 3 on Linux.
 */
function elfRule(arch: Arch): { magic: string; mask: string } {
  const { machine, bits, byteOrder } = ARCH[arch].elf;
  const half = (value: number) => byteOrder === "little" ? [value, 0] : [0, value];
  const bytes = (values: number[]) =>
    values.map((value) => `\\x${value.toString(16).padStart(2, "0")}`).join("");
  const zeros = new Array<number>(8).fill(0);
  return {
    magic: bytes([
      ...[0x7f, 0x45, 0x4c, 0x46, bits / 32, byteOrder === "little" ? 1 : 2, 1, 0, ...zeros],
      ...[...half(2), ...half(machine)],
    ]),
    // 0xfe on the type byte: 2 (EXEC) and 3 (DYN) differ in its lowest bit.
    mask: bytes([
      ...[255, 255, 255, 255, 255, 255, 255, 0, ...new Array<number>(8).fill(255)],
      ...[...half(2).map((value) => value === 2 ? 0xfe : 255), 255, 255],
    ]),
  };
}

function verdict(kind: Binfmt["kind"], reason: string): Binfmt {
  return { kind, reason, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
