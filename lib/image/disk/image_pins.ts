import { join } from "@std/path";
import { z } from "zod";
import { UsageError } from "../../base/errors.ts";
import { atomicWrite } from "../../base/files/atomic_write.ts";
import { root } from "../../base/files/paths.ts";
import { readTextIfPresent } from "../../base/files/read_text.ts";

const pinSchema = z.strictObject({
  url: z.string().refine(URL.canParse),
  bytes: z.int().positive(),
  algorithm: z.enum(["sha256", "sha512"]),
  digest: z.string().regex(/^(?:[0-9a-f]{64}|[0-9a-f]{128})$/),
  /** The fingerprint of the key whose signature the checksum had, where the publisher signs. */
  signedBy: z.string().optional(),
  /** ISO 8601, UTC. */
  taken: z.string(),
});

const schema = z.record(z.string(), pinSchema);

/** A downloaded file as the first download found it; later downloads must be identical. */
export type ImagePin = Readonly<z.output<typeof pinSchema>>;

/** Where pins are recorded: in the checkout, in a file to commit. */
export const pinsPath = (): string => join(root, "configs", "images.lock.json");

/** Where the file is written before it gets its name: tasks may write to no more of `configs/`. */
const FRESH_DIR = join(root, "configs", "keys");

/** Every recorded pin, by the name of its platform. Throws {@link UsageError}. */
export async function readImagePins(path: string): Promise<Readonly<Record<string, ImagePin>>> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return {};
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const what = cause instanceof z.ZodError
      ? cause.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")
      : cause instanceof SyntaxError
      ? cause.message
      : undefined;
    if (what === undefined) throw cause;
    throw new UsageError(`Cannot use the pins of downloaded images: ${what}`, {
      details: [`file: ${path}`],
      next: `git checkout ${path}, or remove an entry to get a new pin`,
      cause,
    });
  }
}

/** Records a pin beside the others. */
export async function writeImagePin(path: string, name: string, pin: ImagePin): Promise<void> {
  const pins = { ...await readImagePins(path), [name]: pin };
  const sorted = Object.entries(pins).sort(([a], [b]) => a < b ? -1 : 1);
  const text = `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
  await atomicWrite(path, text, path === pinsPath() ? { tmpDir: FRESH_DIR } : {});
}
