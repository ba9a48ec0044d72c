import { ARCH, ARCHS } from "./archs.ts";
import { freebsdEntry, netbsdEntry } from "./bsd_entry.ts";
import { debianEntry } from "./debian_entry.ts";
import { ubuntuEntry } from "./ubuntu_entry.ts";
import { z } from "zod";
import { UsageError } from "../base/errors.ts";
import { check, countFaults, type Fault, faultLines, fields, foundWanted } from "./faults.ts";
import { type DeepReadonly, path, text, whole, words } from "./values.ts";

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

const PORT = '"auto" or a port from 1 to 65535';

const imagePath = path("a path inside the images directory");

/** What `image:` may say, by its kind: how an image is built. Another system is another entry. */
const ENTRIES = {
  debian: debianEntry,
  ubuntu: ubuntuEntry,
  freebsd: freebsdEntry,
  netbsd: netbsdEntry,
} as const;

const KINDS = Object.keys(ENTRIES).map((kind) => `"${kind}"`).join(" or ");

const imageRecipe = z.discriminatedUnion("kind", [
  debianEntry.schema,
  ubuntuEntry.schema,
  freebsdEntry.schema,
  netbsdEntry.schema,
], {
  error: `kind ${KINDS}`,
});

const OSES = ["linux", "freebsd", "netbsd"] as const;

/** The one description of a platform; `definePlatform()` validates and its types follow. */
const platformSchema = fields({
  /** As users type it; the file's name has underscores instead of dashes. */
  name: text("a name").regex(NAME, { error: 'a name like "debian-amd64"' }),
  os: z.enum(OSES),
  arch: z.enum(ARCHS),
  /** The disk, a qcow2 file, relative to the images directory. */
  diskImage: imagePath,
  /** A kernel for QEMU to boot, below the images directory. Without one the firmware boots. */
  kernel: imagePath.optional(),
  /** Needs `kernel`. */
  initramfs: imagePath.optional(),
  /** The kernel's command line. Needs `kernel`. */
  append: text("a kernel command line").optional(),
  ssh: fields({
    /** Port on 127.0.0.1 that is forwarded to SSH. Default: a free one. */
    port: z.union([
      z.literal("auto"),
      z.int().min(1, { error: PORT }).max(65535, { error: PORT }),
    ], { error: PORT }).default("auto"),
    user: text("a user name").default("ci"),
  }, "an object").prefault({}),
  /** CMake arguments of every project on this platform. Default none. */
  cmakeFlags: words("CMake arguments").default([]),
  /** CMake's generator for projects without steps of their own. Default: CMake's own default. */
  cmakeGenerator: text("a CMake generator, such as Ninja").optional(),
  /** Prints the number of CPUs. Default: what the system of `image` has for it, such as `nproc`. */
  nprocCommand: words("words of a command").min(1, { error: "a command" }).optional(),
  /** QEMU's `-machine`. Default: the architecture's own. */
  machine: text("a QEMU machine, such as q35").optional(),
  /** When `setup-images` without names builds it. Default: only when it is named. */
  setUp: z.enum(["always", "on its own architecture", "when named"]).default("when named"),
  /** QEMU's `-cpu` by accelerator. Default: everything that TCG emulates, or the host's own. */
  cpu: fields({
    tcg: text("a QEMU CPU model").optional(),
    kvm: text("a QEMU CPU model").optional(),
    hvf: text("a QEMU CPU model").optional(),
  }, "an object").prefault({}),
  /** Default 1024. A project can ask for more. */
  memoryMiB: whole(128, 1 << 20, "MiB").default(1024),
  /** Default 2. A project can ask for others. */
  cores: whole(1, 256, "CPUs").default(2),
  /** How to shut down: QMP's `system_powerdown`, or SSH if the kernel lacks the power button. */
  powerdown: z.enum(["qmp", "ssh"]).default("qmp"),
  image: imageRecipe,
  timeouts: fields({
    /** From launch to an answered command, under TCG. Default 120000. */
    bootMs: whole(1000, 3_600_000, "milliseconds").default(120_000),
    /** From the request to power down to QEMU's end. Default 15000. */
    shutdownMs: whole(1000, 600_000, "milliseconds").default(15_000),
  }, "an object").prefault({}),
}, "an object");

/** A platform as its file in `configs/platforms/` writes it. */
export type PlatformInput = DeepReadonly<z.input<typeof platformSchema>>;

export type ImageRecipe = DeepReadonly<z.output<typeof imageRecipe>>;

/** The kinds of images; each is one of a system. */
export type ImageKind = ImageRecipe["kind"];

/** A platform of guests: a {@link PlatformInput} with all defaults filled in. */
export type Platform =
  & DeepReadonly<Omit<z.output<typeof platformSchema>, "nprocCommand" | "cpu" | "machine">>
  & {
    readonly machine: string;
    readonly nprocCommand: readonly string[];
    readonly cpu: { readonly tcg: string; readonly kvm: string; readonly hvf: string };
  };

/** A platform whose image is of one kind. */
export type PlatformOf<Kind extends ImageKind> = Platform & {
  readonly image: Extract<ImageRecipe, { readonly kind: Kind }>;
};

/**
 * Checks a platform, fills in defaults. Throws {@link UsageError} with all faults and their fields.
 */
export function definePlatform(input: PlatformInput): Platform {
  const { value, faults: schemaFaults } = check(platformSchema, input);
  const faults = [...schemaFaults, ...relationFaults(input)];
  if (value === undefined || faults.length > 0) {
    throw new UsageError(
      `Cannot use platform ${JSON.stringify(input?.name)}: ${countFaults(faults)}`,
      { details: faultLines(faults), next: "edit its file in configs/platforms" },
    );
  }
  const { nprocCommand, cpu, machine, ...rest } = value;
  return {
    ...rest,
    machine: machine ?? ARCH[value.arch].qemu.machine,
    nprocCommand: nprocCommand ?? ENTRIES[value.image.kind].nprocCommand,
    cpu: {
      tcg: cpu.tcg ?? ARCH[value.arch].qemu.cpu,
      kvm: cpu.kvm ?? "host",
      hvf: cpu.hvf ?? "host",
    },
  };
}

/** Fields that cannot be combined. Fields that are invalid themselves are ignored. */
function relationFaults(input: PlatformInput | undefined): Fault[] {
  const faults: Fault[] = [];
  const { arch, image, os, kernel } = input ?? {};
  for (const field of ["initramfs", "append"] as const) {
    // QEMU accepts neither without -kernel: the firmware would boot from the disk.
    if (input?.[field] !== undefined && kernel === undefined) {
      faults.push({
        path: ["kernel"],
        text: foundWanted(undefined, `a kernel, as ${field} is set`),
      });
      break;
    }
  }
  const entry = Object.entries(ENTRIES).find(([kind]) => kind === image?.kind)?.[1];
  if (image === undefined || entry === undefined) return faults;
  faults.push(...entry.faults(image, arch));
  if (entry.boot === "firmware" && kernel !== undefined) {
    const wanted = `nothing, as guests of image.kind "${image.kind}" boot from their disk`;
    faults.push({ path: ["kernel"], text: foundWanted(kernel, wanted) });
  }
  if (os !== entry.os && OSES.some((known) => known === os)) {
    const wanted = `"${entry.os}", as image.kind is "${image.kind}"`;
    faults.push({ path: ["os"], text: foundWanted(os, wanted) });
  }
  return faults;
}
