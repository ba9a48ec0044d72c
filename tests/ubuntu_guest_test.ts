// An image as Ubuntu publishes its own, made here of Debian: downloaded from a publisher of the
// test's own, set up by the real cloud-init, and used by real tasks.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { exists } from "../lib/base/files/directories.ts";
import { cloudImage, missingHere, PACKAGE, startMirror } from "./support/cloud_image.ts";
import { makeSandbox, taskPid } from "./support/harness.ts";
import { assertFailure } from "./support/outcome.ts";
import { NAME, publishedCheckout } from "./support/published_checkout.ts";
import { thorough } from "./support/thorough.ts";

const missing = Deno.build.os === "linux" ? await missingHere() : ["Linux"];
const ignore = missing.length > 0 || !thorough;
/** Two boots of a whole distribution, emulated. */
const BUILD = { timeoutMs: 2_700_000 };
const RUN = { timeoutMs: 900_000 };

Deno.test({
  name: "setup-images makes a guest of a publisher's image, which then runs commands",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const image = await cloudImage();
    await using place = await publishedCheckout(box, await Deno.readFile(image.path));
    await using _mirror = await startMirror(box.dir, image);
    const { publisher, checkout, task } = place;
    const dry = await task("setup-images", [NAME, "--dry-run"]);
    assertEquals(dry.code, 0, dry.stderr);
    assertStringIncludes(dry.stdout, `curl --fail --continue-at - --output `);
    assertStringIncludes(dry.stdout, "qemu-img resize");

    const built = await task("setup-images", [NAME, "--yes", "--json"], BUILD);
    assertEquals(built.code, 0, built.stderr);
    const pins = await Deno.readTextFile(join(checkout.dir, "configs/images.lock.json"));
    assertEquals(JSON.parse(pins)[NAME].signedBy, publisher.fingerprint);
    const key = await Deno.readTextFile(join(checkout.dir, "configs/keys/ubuntu-cloud-images.asc"));
    assertStringIncludes(key, "PUBLIC KEY");
    const ran = await task("vm-run", [NAME, "--", "true"], RUN);
    assertEquals(ran.code, 0, ran.stderr);
    const looks = [
      ...["hostname", "id -un", "sudo -n id -un", `dpkg-query -W ${PACKAGE}`],
      ...["df --output=size -BG / | tail -n 1", "ls /etc/ssh/*_key"],
    ].join(" && ");
    const seen = await task("vm-run", [NAME, "--", "sh", "-c", looks], RUN);
    const [hostname, user, root, installed, size, keys] = seen.stdout.split("\n");
    assertEquals([hostname, user, root], [NAME, "ci", "root"], seen.stderr);
    assertEquals(installed, `${PACKAGE}\t1`);
    assert(/^\s*[56]G$/.test(size ?? ""), size);
    assertEquals(keys, "/etc/ssh/ssh_host_ed25519_key");
    await box.assertClean();
  },
});

Deno.test({
  name:
    "setup-images shows cloud-init's errors, such as of a mirror that is down, and keeps nothing",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const image = await cloudImage();
    await using place = await publishedCheckout(box, await Deno.readFile(image.path));
    const { checkout, task } = place;
    const failed = await task("setup-images", [NAME, "--yes"], BUILD);
    assertFailure(failed, {
      exit: 1,
      says: [
        `Cannot set up "${NAME}": cloud-init ended with errors`,
        "status: error",
        "Connection refused",
        "the download is kept",
      ],
    });
    assertFailure(await task("vm-run", [NAME, "--", "true"]), { exit: 3, says: ["not set up"] });
    assertEquals(await exists(join(checkout.images, NAME, "current")), false);
    await box.assertClean();
  },
});

Deno.test({
  name: "setup-images killed while a guest is set up resumes from the verified download, offline",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const image = await cloudImage();
    await using place = await publishedCheckout(box, await Deno.readFile(image.path));
    const { publisher, checkout, file, task, start } = place;
    const nothing = await task("setup-images", [NAME, "--offline", "--yes"]);
    assertFailure(nothing, { exit: 3, says: ["was never downloaded here", "--offline was given"] });
    const first = start("setup-images", [NAME, "--yes"]);
    await first.waitFor(new RegExp(`^${NAME}: cloud-init`, "m"));
    Deno.kill(await taskPid(first.pid), "SIGKILL");
    await first.outcome;
    assertEquals(await exists(join(checkout.images, NAME, "current")), false);
    assertFailure(await task("vm-run", [NAME, "--", "true"]), { exit: 3, says: ["not set up"] });
    publisher.requests.length = 0;
    const again = start("setup-images", [NAME, "--offline", "--yes"]);
    await again.waitFor(new RegExp(`^${NAME}: cloud-init`, "m"));
    again.signal("SIGINT");
    assertEquals((await again.outcome).code, 130);
    assertEquals(publisher.requests.filter((path) => path.startsWith(file)), []);
    const left = (await Array.fromAsync(Deno.readDir(join(checkout.images, NAME))))
      .map(({ name }) => name).filter((name) => name !== "lock");
    assertEquals(left, []);
  },
});
