import { join } from "@std/path";
import { run } from "../host/process.ts";
import type { ElfArch } from "./elf.ts";

const BINFMT = "/proc/sys/fs/binfmt_misc";

/**
 * The first 20 bytes of a 64-bit ELF file of each architecture, and which bits of them count
 * (ELF specification: class 2, little-endian, version 1, type EXEC or DYN, then `e_machine`).
 * The OS ABI byte may be anything, as Linux programs carry 0 or 3 there.
 */
const ELF_MAGIC: Readonly<Record<ElfArch, { readonly magic: string; readonly mask: string }>> = {
  aarch64: elfRule(183),
  x86_64: elfRule(62),
};

/** How programs of the guest's architecture can run on this host. */
export interface Binfmt extends AsyncDisposable {
  /**
   * `native`: as they are; `emulated`: the kernel starts qemu-user for them; `none`: not at all,
   * so that packages can be unpacked but their scripts cannot run.
   */
  readonly kind: "native" | "emulated" | "none";
  readonly reason: string;
}

/**
 * Makes foreign programs runnable where the host already does that, or where root may register
 * qemu-user with the kernel; disposal takes back what this call registered.
 */
export async function ensureBinfmt(arch: ElfArch): Promise<Binfmt> {
  if (arch === Deno.build.arch) return verdict("native", "the host's own architecture");
  if (await isRegistered(arch)) return verdict("emulated", "binfmt_misc has a rule for it");
  if (Deno.uid() !== 0) {
    return verdict("none", "binfmt_misc has no rule for it, and only root may add one");
  }
  const interpreter = await findInterpreter(arch);
  if (interpreter === undefined) return verdict("none", `qemu-${arch}-static is not installed`);
  if ((await run(["cat", join(BINFMT, "status")])).code !== 0) {
    const { code, stderr } = await run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT]);
    if (code !== 0) return verdict("none", `cannot mount binfmt_misc: ${stderr.trim()}`);
    if (await isRegistered(arch)) return verdict("emulated", "binfmt_misc has a rule for it");
  }
  const name = `guesthouse-${arch}`;
  const { magic, mask } = ELF_MAGIC[arch];
  // F: the interpreter is opened now, so that it is found from inside a chroot as well.
  const rule = `:${name}:M::${magic}:${mask}:${interpreter}:F`;
  const error = await writeControl("register", rule);
  if (error !== "") return verdict("none", `cannot register with binfmt_misc: ${error}`);
  return {
    kind: "emulated",
    reason: `registered ${interpreter} with binfmt_misc`,
    async [Symbol.asyncDispose]() {
      await writeControl(name, "-1");
    },
  };
}

/** Whether an enabled rule with the "F" flag exists, by any of the names that are in use. */
async function isRegistered(arch: ElfArch): Promise<boolean> {
  for (const name of [`qemu-${arch}`, `guesthouse-${arch}`]) {
    const { stdout } = await run(["cat", join(BINFMT, name)]);
    if (stdout.startsWith("enabled") && /^flags:.*F/m.test(stdout)) return true;
  }
  return false;
}

/**
 * Writes one of the kernel's control files, and returns what went wrong. By a program of its own,
 * since Deno opens /proc to tasks with all permissions only; the text is not seen by any parser.
 */
async function writeControl(name: string, text: string): Promise<string> {
  const script = 'printf %s "$1" >"$2"';
  const { code, stderr } = await run(["sh", "-c", script, "sh", text, join(BINFMT, name)]);
  return code === 0 ? "" : stderr.trim() || `status ${code}`;
}

async function findInterpreter(arch: ElfArch): Promise<string | undefined> {
  for (const name of [`qemu-${arch}-static`, `qemu-${arch}`]) {
    for (const dir of ["/usr/bin", "/usr/local/bin"]) {
      if (await exists(join(dir, name))) return join(dir, name);
    }
  }
  return undefined;
}

function elfRule(machine: number): { magic: string; mask: string } {
  const bytes = (values: number[]) =>
    values.map((value) => `\\x${value.toString(16).padStart(2, "0")}`).join("");
  const zeros = new Array<number>(8).fill(0);
  return {
    magic: bytes([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, ...zeros, 2, 0, machine, 0]),
    // 0xfe on the type byte: 2 (EXEC) and 3 (DYN) differ in its lowest bit.
    mask: bytes([255, 255, 255, 255, 255, 255, 255, 0, ...zeros.fill(255), 0xfe, 255, 255, 255]),
  };
}

function verdict(kind: Binfmt["kind"], reason: string): Binfmt {
  return { kind, reason, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
