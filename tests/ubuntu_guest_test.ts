// An image as Ubuntu publishes its own, made here of Debian: downloaded from a publisher of the
// test's own, set up by the real cloud-init, and used by real tasks.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { startPublisher } from "../lib/image/disk/publisher_testing.ts";
import { copyCheckout } from "./support/checkouts.ts";
import { cloudImage, missingPrograms } from "./support/cloud_image.ts";
import { makeSandbox, type Sandbox } from "./support/harness.ts";
import { assertFailure } from "./support/outcome.ts";
import { thorough } from "./support/thorough.ts";

const NAME = "linux-amd64";
const FILE = "ubuntu-24.04-server-cloudimg-amd64.img";
const ignore = Deno.build.os !== "linux" || missingPrograms().length > 0 || !thorough;
/** Three boots of a whole distribution, emulated. */
const BUILD_MS = 2_700_000;

/** A checkout whose `linux-amd64` comes from the test's publisher. */
async function publishedCheckout(box: Sandbox) {
  const publisher = await startPublisher(box.dir);
  publisher.files.set(`/${FILE}`, await Deno.readFile(await cloudImage()));
  await publisher.publish("SHA256SUMS", [FILE], { algorithm: "sha256", form: "coreutils" });
  const checkout = await copyCheckout(box, "checkout");
  const config = join(checkout.dir, "configs/platforms/_ubuntu.ts");
  const text = (await Deno.readTextFile(config))
    .replace(/const RELEASE = ".*";/, `const RELEASE = "${publisher.base}";`)
    .replace(/const FINGERPRINT = ".*";/, `const FINGERPRINT = "${publisher.fingerprint}";`)
    .replace(/keyUrl:\s*`[^`]*`/, "keyUrl: `${RELEASE}/key.asc`")
    // They are in the image already: the test needs no mirror.
    .replace(/const PACKAGES[^;]*;/, 'const PACKAGES: readonly string[] = ["rsync"];')
    // The test's image is of Debian, whose mirror may be out of reach.
    .replace("diskGiB: 20", "diskGiB: 6");
  await Deno.writeTextFile(config, text);
  const env = { DENO_CERT: publisher.caPath };
  return {
    ...{ publisher, checkout },
    task: (name: string, args: readonly string[], timeoutMs = 120_000) =>
      checkout.task(name, args, { env, timeoutMs }),
  };
}

Deno.test({
  name: "setup-images makes a guest of a publisher's image, which then runs commands",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const { publisher, checkout, task } = await publishedCheckout(box);
    await using _publisher = publisher;
    const dry = await task("setup-images", [NAME, "--dry-run"]);
    assertEquals(dry.code, 0, dry.stderr);
    assertStringIncludes(dry.stdout, `curl --fail --continue-at - --output `);
    assertStringIncludes(dry.stdout, "qemu-img resize");
    const offline = await task("setup-images", [NAME, "--offline", "--yes"]);
    assertFailure(offline, { exit: 3, says: ["was never downloaded here", "--offline was given"] });

    const built = await task("setup-images", [NAME, "--yes", "--json"], BUILD_MS);
    assertEquals(built.code, 0, built.stderr);
    const pins = JSON.parse(
      await Deno.readTextFile(join(checkout.dir, "configs/images.lock.json")),
    );
    assertEquals(pins[NAME].signedBy, publisher.fingerprint);
    assertEquals(
      (await Deno.readTextFile(join(checkout.dir, "configs/keys/ubuntu-cloud-images.asc")))
        .includes("PUBLIC KEY"),
      true,
    );
    const ran = await task("vm-run", [NAME, "--", "true"], 900_000);
    assertEquals(ran.code, 0, ran.stderr);
    const looks = "hostname; id -un; df --output=size -BG / | tail -n 1; ls /etc/ssh/*_key; nproc";
    const seen = await task("vm-run", [NAME, "--", "sh", "-c", looks], 900_000);
    assertEquals(seen.stdout.split(/\s+/).filter(Boolean).slice(0, 2), [NAME, "ci"]);
    assert(/^\s*[56]G$/m.test(seen.stdout), seen.stdout);
    assertStringIncludes(seen.stdout, "/etc/ssh/ssh_host_ed25519_key\n");
    await box.assertClean();
  },
});
