import { z } from "zod";
import { type Fault, fields } from "./faults.ts";
import { imageSource } from "./image_source.ts";
import { whole, words } from "./values.ts";

/** The firmware that a disk boots with. */
const FIRMWARE = ["uefi", "bios"] as const;

/** The kinds of these images. */
export type BsdKind = "freebsd" | "netbsd";

/** A publisher's own disk, set up once over its serial console. */
const schemaOf = <Kind extends BsdKind>(kind: Kind) =>
  fields({
    kind: z.literal(kind),
    source: imageSource,
    /** What the disk boots with: `bios` is only on PCs. */
    firmware: z.enum(FIRMWARE),
    /** Packages besides those of the image, their dependencies not counted. */
    packages: words("package names"),
    /** Size of the disk as the guest sees it; the file grows with what is written. */
    diskGiB: whole(1, 1024, "GiB"),
  }, "an object");

/** What a platform's `image:` may say of a BSD, and what follows from it for the platform. */
const entryOf = <Kind extends BsdKind>(kind: Kind) => ({
  schema: schemaOf(kind),
  os: kind,
  nprocCommand: ["sysctl", "-n", "hw.ncpu"],
  boot: "firmware" as const,
  faults: (): Fault[] => [],
});

export const freebsdEntry = entryOf("freebsd");
export const netbsdEntry = entryOf("netbsd");
