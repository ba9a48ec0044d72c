import { z } from "zod";
import { ARCH, type Arch, ARCHS } from "./archs.ts";
import { type Fault, fields, foundWanted } from "./faults.ts";
import { path, text, whole, words } from "./values.ts";

/** A Debian root filesystem made from packages. */
const schema = fields({
  kind: z.literal("debian"),
  /** A release's code name, such as `bookworm`. */
  suite: text("the code name of a Debian release"),
  /** Debian's name for the architecture. */
  debArch: z.enum(ARCHS.map((arch) => ARCH[arch].debian)),
  /** Packages besides the minimal system, their dependencies not counted. */
  packages: words("package names"),
  /** The package whose kernel is unpacked and booted. */
  kernelPackage: text("the name of a kernel package"),
  /** Size of the disk as the guest sees it; the file grows with what is written. */
  diskGiB: whole(1, 1024, "GiB"),
  /** The script that sets up the guest, relative to the checkout. */
  provision: path("a path inside the checkout"),
}, "an object");

/** What a platform's `image:` may say of Debian, and what follows from it for the platform. */
export const debianEntry = {
  schema,
  os: "linux",
  nprocCommand: ["nproc"],
  boot: "kernel",
  faults,
} as const;

/** What cannot go together; fields that are at fault themselves are passed over. */
function faults(image: object, arch: unknown): Fault[] {
  const { debArch } = image as { readonly debArch?: unknown };
  const row = ARCHS.includes(arch as Arch) ? ARCH[arch as Arch] : undefined;
  if (row === undefined || debArch === row.debian) return [];
  if (!ARCHS.some((arch) => ARCH[arch].debian === debArch)) return [];
  const wanted = `"${row.debian}", as arch is "${arch}"`;
  return [{ path: ["image", "debArch"], text: foundWanted(debArch, wanted) }];
}
