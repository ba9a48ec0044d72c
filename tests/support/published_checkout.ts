import { join } from "@std/path";
import { startPublisher } from "../../lib/image/disk/publisher_testing.ts";
import { copyCheckout } from "./checkouts.ts";
import { PACKAGE } from "./cloud_image.ts";
import type { RunTaskOptions, Sandbox } from "./harness.ts";

/** The platform whose image the test's publisher has, and the name of its file. */
export const NAME = "linux-amd64";
const FILE = "ubuntu-24.04-server-cloudimg-amd64.img";

/**
 * A copy of this checkout whose `linux-amd64` is this file, from a publisher of the test's, with one
 * package. Its tasks trust the publisher's authority, as those of a user would: by `DENO_CERT`.
 */
export async function publishedCheckout(box: Sandbox, content: Uint8Array<ArrayBuffer>) {
  const publisher = await startPublisher(box.dir);
  publisher.files.set(`/${FILE}`, content);
  await publisher.publish("SHA256SUMS", [FILE], { algorithm: "sha256", form: "coreutils" });
  const checkout = await copyCheckout(box, "checkout");
  const config = join(checkout.dir, "configs/platforms/_ubuntu.ts");
  const text = (await Deno.readTextFile(config))
    .replace(/const RELEASE = ".*";/, `const RELEASE = "${publisher.base}";`)
    .replace(/const FINGERPRINT = ".*";/, `const FINGERPRINT = "${publisher.fingerprint}";`)
    .replace(/keyUrl:\s*`[^`]*`/, "keyUrl: `${RELEASE}/key.asc`")
    .replace(/const PACKAGES[^;]*;/, `const PACKAGES: readonly string[] = ["${PACKAGE}"];`)
    .replace("diskGiB: 20", "diskGiB: 6");
  await Deno.writeTextFile(config, text);
  const env = { ...checkout.env, DENO_CERT: publisher.caPath };
  const options = (more: RunTaskOptions) => ({ checkout: checkout.dir, env, ...more });
  return {
    ...{ publisher, checkout, file: `/${FILE}` },
    task: async (name: string, args: readonly string[], more: RunTaskOptions = {}) =>
      await box.task(name, args, options(more)),
    start: (name: string, args: readonly string[]) => box.start(name, args, options({})),
    [Symbol.asyncDispose]: () => publisher[Symbol.asyncDispose](),
  };
}
