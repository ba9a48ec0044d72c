import { z } from "zod";
import { UsageError } from "../base/errors.ts";
import { FLAVOURS, SHARE_MODES } from "./dev_names.ts";
import { check, countFaults, faultLines, fields } from "./faults.ts";
import { type DeepReadonly, whole } from "./values.ts";

export type { FlavourName, ShareMode } from "./dev_names.ts";

const word = (wanted: string) =>
  z.string({ error: wanted }).regex(/^[a-z][a-z0-9-]{0,31}$/, { error: wanted });

/** Directories of the guest's own that no share may hide. */
const TAKEN = new Set(
  ("bin boot dev etc home lib lib64 lost+found media mnt nix opt proc root run sbin srv sys tmp " +
    "usr var").split(" "),
);

const mountName = word('a name like "project", for the directory /NAME of the guest')
  .refine((name) => !TAKEN.has(name), { error: "a name that no directory of the guest's own has" });

/** The one description of the dev guest; `defineDev()` validates and its types follow. */
const devSchema = fields({
  /** The guest's name: of its directory, its host name, and the word that reset asks for. */
  name: word('a name like "armdev"').default("armdev"),
  flavour: z.enum(FLAVOURS).default("nixos"),
  share: fields({
    mode: z.enum(SHARE_MODES).default("9p"),
    /** The guest finds the project at /NAME. */
    name: mountName,
    /** Whether the guest has read-only access. Default `false`. */
    readOnly: z.boolean().default(false),
    /** Whether the guest uses the host's Nix store. Default `false`. */
    hostStore: z.boolean().default(false),
  }, "an object"),
  /** Port on 127.0.0.1 that is forwarded to the guest's SSH. Default 5022. */
  sshPort: whole(1, 65535, "a port").default(5022),
  memoryMiB: whole(512, 1 << 20, "MiB").default(4096),
  cores: whole(1, 256, "CPUs").default(2),
  /** Size of the guest's disk; the file on the host grows as data is written. Default 32. */
  diskGiB: whole(8, 4096, "GiB").default(32),
  /** The one user. Default `armdev`. */
  user: word("a user name").refine((name) => name !== "root", { error: "a user other than root" })
    .default("armdev"),
  /** From launch to an answered command, under emulation. Default 180000. */
  bootMs: whole(1000, 3_600_000, "milliseconds").default(180_000),
}, "an object");

/** The dev guest as `configs/arm_dev.ts` writes it. */
export type DevConfigInput = DeepReadonly<z.input<typeof devSchema>>;

export type DevConfig = DeepReadonly<z.output<typeof devSchema>>;

/** Where {@link defineDev} is called from, for messages. */
const FILE = "configs/arm_dev.ts";

/** Checks the dev guest's config, fills in defaults. Throws {@link UsageError} with all faults. */
export function defineDev(input: DevConfigInput): DevConfig {
  const { value, faults } = check(devSchema, input);
  if (value !== undefined) return value;
  throw new UsageError(`Cannot use ${FILE}: ${countFaults(faults)}`, {
    details: faultLines(faults),
    next: `edit ${FILE}`,
  });
}
