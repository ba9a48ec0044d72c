import { z } from "zod";
import { type Fault, fields } from "./faults.ts";
import { imageSource } from "./image_source.ts";
import { path, whole, words } from "./values.ts";

/** Ubuntu's own image for clouds, which cloud-init sets up once. */
const schema = fields({
  kind: z.literal("ubuntu"),
  source: imageSource,
  /** Packages besides those of the image, their dependencies not counted. */
  packages: words("package names"),
  /** Size of the disk as the guest sees it; the file grows with what is written. */
  diskGiB: whole(1, 1024, "GiB"),
  /** The script that sets up the guest, relative to the checkout. */
  provision: path("a path inside the checkout"),
}, "an object");

/** What a platform's `image:` may say of Ubuntu, and what follows from it for the platform. */
export const ubuntuEntry = {
  schema,
  os: "linux",
  nprocCommand: ["nproc"],
  boot: "firmware",
  faults: (): Fault[] => [],
} as const;
