import { walk } from "@std/fs";
import { basename, join } from "@std/path";
import { TaskError } from "../../base/errors.ts";
import { $ } from "../../base/process/dollar.ts";
import { readElfSection } from "../format/elf.ts";

/** A kernel module and what it says of itself in its `.modinfo` section. */
export interface KernelModule {
  /** Name with underscores, as in `lsmod`. */
  readonly name: string;
  readonly path: string;
  /** Names of modules that must be loaded before. */
  readonly depends: readonly string[];
  /** Modules wanted before if they exist (`softdep: pre:`), e.g. crc32c's users. */
  readonly softPre: readonly string[];
}

/**
 * Modules below `/lib/modules/VERSION` by name. Soft dependencies may use an alias ("crc32c"), so
 * aliases are keys too. {@link loadOrder} reads only the files that it needs.
 */
export async function findModules(versionDir: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const entry of walk(join(versionDir, "kernel"), { includeDirs: false })) {
    if (/\.ko(\.xz)?$/.test(entry.name)) found.set(moduleName(entry.name), entry.path);
  }
  for (const [alias, name] of await readAliases(versionDir)) {
    const path = found.get(name);
    if (path !== undefined && !found.has(alias)) found.set(alias, path);
  }
  return found;
}

/** The plain names in `modules.alias`, which depmod writes; patterns for devices are left out. */
async function readAliases(versionDir: string): Promise<[alias: string, name: string][]> {
  const text = await Deno.readTextFile(join(versionDir, "modules.alias"));
  const aliases = [...text.matchAll(/^alias ([\w-]+) ([\w-]+)$/gm)].map((
    [, alias = "", name = ""],
  ): [string, string] => [moduleName(alias), moduleName(name)]);
  // The others of one alias use instructions that the guest's CPU may lack, and then do not load.
  const rank = ([, name]: [string, string]) => name.endsWith("_generic") ? 0 : 1;
  return aliases.sort((a, b) => rank(a) - rank(b));
}

/** Names of the modules that are linked into the kernel (`modules.builtin`). */
export async function findBuiltin(versionDir: string): Promise<Set<string>> {
  const text = await Deno.readTextFile(join(versionDir, "modules.builtin"));
  return new Set(text.split("\n").filter(Boolean).map((line) => moduleName(basename(line))));
}

/**
 * Orders modules after everything that they need, including soft dependencies, which the kernel
 * requests by `request_module`: no use in an initramfs without modprobe (ext4 on arm64 needs
 * `crc32c_generic`). Throws {@link TaskError} when a wanted module is missing.
 */
export async function loadOrder(
  wanted: readonly string[],
  available: ReadonlyMap<string, string>,
  builtin: ReadonlySet<string>,
): Promise<KernelModule[]> {
  const order: KernelModule[] = [];
  const seen = new Set<string>();
  const visit = async (name: string, neededBy: string | undefined, soft: boolean) => {
    if (builtin.has(name)) return;
    const path = available.get(name);
    if (path === undefined) {
      if (soft) return;
      throw new TaskError(
        1,
        `Cannot build the initramfs: kernel module "${name}" is missing`,
        { details: neededBy === undefined ? [] : [`needed by: ${neededBy}`] },
      );
    }
    // By path, since a name and its alias are one module, which can be loaded only once.
    if (seen.has(path)) return;
    seen.add(path);
    const module = parseModinfo(path, await readModule(path));
    for (const soft of module.softPre) await visit(soft, name, true);
    for (const dependency of module.depends) await visit(dependency, name, false);
    order.push(module);
  };
  for (const name of wanted) await visit(name, undefined, false);
  return order;
}

/** A module as the kernel loads it; Debian packs those of 13 and later. */
export async function readModule(path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!path.endsWith(".xz")) return await Deno.readFile(path);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  await $`xz --quiet --decompress --stdout ${path}`
    .with({ stdout: "tail", onBytes: (piece) => pieces.push(piece.slice()) })
    .what(`unpack ${path}`);
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Reads a module's own description (`.modinfo`: NUL-separated `key=value`). */
export function parseModinfo(path: string, bytes: Uint8Array): KernelModule {
  const section = readElfSection(bytes, ".modinfo") ?? new Uint8Array();
  const fields = new TextDecoder().decode(section).split("\0");
  const values = (key: string) =>
    fields.filter((field) => field.startsWith(`${key}=`)).map((field) =>
      field.slice(key.length + 1)
    );
  const words = (text: string) => text.split(/[\s,]+/).filter(Boolean).map(moduleName);
  return {
    name: moduleName(basename(path)),
    path,
    depends: values("depends").flatMap(words),
    softPre: values("softdep").flatMap((text) => {
      const pre = /pre:(.*?)(?:post:|$)/.exec(text)?.[1] ?? "";
      return words(pre);
    }),
  };
}

function moduleName(fileName: string): string {
  return fileName.replace(/\.ko(\.[a-z0-9]+)?$/, "").replaceAll("-", "_");
}
