// Images that are downloaded, through `deno task`: what goes wrong before a guest is started.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { exists } from "../lib/base/files/directories.ts";
import { $ } from "../lib/base/process/dollar.ts";
import { haveProgram } from "../lib/base/host_testing.ts";
import { makeSandbox, type Sandbox } from "./support/harness.ts";
import { assertFailure } from "./support/outcome.ts";
import { NAME, publishedCheckout } from "./support/published_checkout.ts";
import { canMount, withSmallDisk } from "./support/small_disk.ts";

const ignore = !haveProgram("openssl") || !haveProgram("xorriso");
const MIB = 2 ** 20;

/** A qcow2 image of 8 MiB of random bytes. */
async function someImage(box: Sandbox): Promise<Uint8Array<ArrayBuffer>> {
  const [raw, image] = [join(box.dir, "some.raw"), join(box.dir, "some.img")];
  const bytes = new Uint8Array(8 * MIB);
  for (let at = 0; at < bytes.length; at += 65536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65536));
  }
  await Deno.writeFile(raw, bytes);
  await $`qemu-img convert -f raw -O qcow2 ${raw} ${image}`;
  return await Deno.readFile(image);
}

Deno.test({
  name: "setup-images shows what it would download, and takes --from for one such platform alone",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    await using place = await publishedCheckout(box, await someImage(box));
    const { publisher, task } = place;
    const dry = await task("setup-images", [NAME, "--dry-run"]);
    assertEquals(dry.code, 0, dry.stderr);
    assertStringIncludes(dry.stdout, `curl --fail --remote-name ${publisher.base}/SHA256SUMS\n`);
    assertStringIncludes(dry.stdout, "qemu-img resize -q -f qcow2 disk.qcow2 6G\n");
    const from = await task("setup-images", [NAME, "--dry-run", "--from", "own.img"], {
      cwd: box.dir,
    });
    assertEquals(from.stdout.includes("curl"), false);
    assertStringIncludes(from.stdout, join(box.dir, "own.img"));
    const others = await task("setup-images", ["debian-amd64", "--from", "own.img"]);
    assertFailure(others, { exit: 2, says: ["Cannot use --from", "debian-amd64", "next: "] });
    assertEquals(publisher.requests, []);
  },
});

Deno.test({
  name: "a download that cannot be used ends setup-images, and its guest does not start",
  ignore,
  async fn(t) {
    await using box = await makeSandbox();
    const image = await someImage(box);
    await using place = await publishedCheckout(box, image);
    const { publisher, checkout, file, task } = place;
    const setUp = (...args: string[]) => task("setup-images", [NAME, "--yes", ...args]);
    const sums = publisher.files.get("/SHA256SUMS.gpg")!;

    await t.step("nothing is here, and --offline", async () => {
      const outcome = await setUp("--offline");
      assertFailure(outcome, { exit: 3, says: ["never downloaded here", "next: "] });
      assertEquals(publisher.requests, []);
    });
    await t.step("a file of the user's that is not there", async () => {
      const says = ["there is no such file", "--from"];
      assertFailure(await setUp("--from", join(box.dir, "none")), { exit: 2, says });
    });
    await t.step("a bad signature", async () => {
      publisher.files.set("/SHA256SUMS.gpg", sums.with(-1, sums.at(-1)! ^ 1) as typeof sums);
      assertFailure(await setUp(), { exit: 1, says: ["Cannot trust ", publisher.fingerprint] });
      publisher.files.set("/SHA256SUMS.gpg", sums);
    });
    await t.step("wrong bytes", async () => {
      const wrong = image.with(-1, image.at(-1)! ^ 1) as typeof image;
      publisher.files.set(file, wrong);
      const says = ["checksum mismatch", "wanted: sha256 ", "found:  sha256 ", ".quarantined"];
      assertFailure(await setUp(), { exit: 1, says });
      publisher.files.set(file, image);
    });
    assertEquals(await exists(join(checkout.dir, "configs/images.lock.json")), false);
    assertEquals(await exists(join(checkout.images, NAME, "current")), false);
    assertFailure(await task("vm-run", [NAME, "--", "true"]), { exit: 3, says: ["not set up"] });
    await box.assertClean();
  },
});

Deno.test({
  name: "a disk that is full while an image arrives is named, and what has arrived is kept",
  ignore: ignore || !canMount,
  async fn() {
    await using box = await makeSandbox();
    await using place = await publishedCheckout(box, await someImage(box));
    const cache = join(place.checkout.dir, "images/cache");
    await Deno.mkdir(cache, { recursive: true });
    const list = join(box.dir, "list");
    const outcome = await place.task("setup-images", [NAME, "--yes"], {
      wrapper: withSmallDisk(cache, 4 * MIB, list),
    });
    assertFailure(outcome, {
      exit: 3,
      says: [": a disk of this host is full\n", `  file system ${cache}: `],
    });
    assertStringIncludes(await Deno.readTextFile(list), ".qcow2.part\n");
    await box.assertClean();
  },
});
