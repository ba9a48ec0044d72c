import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join, relative } from "@std/path";
import { HostError, UsageError, WorkError } from "../../base/errors.ts";
import { sandbox } from "../../base/host_testing.ts";
import { findProgram } from "../../base/process/find_program.ts";
import { root } from "../../base/files/paths.ts";
import { $ } from "../../base/process/dollar.ts";
import { downloadsDir } from "./downloads.ts";
import { fetchImage, type FetchImageRequest } from "./fetch_image.ts";
import { type Publisher, sourceOf, startPublisher } from "./publisher_testing.ts";

const NAME = "linux-test";
const SUMS = { algorithm: "sha256", form: "coreutils" } as const;
/** Packs badly at its beginning, and has a hole at its end. */
const disk = new Uint8Array(3 * 2 ** 20);
for (let at = 0; at < 2 ** 20; at += 65536) crypto.getRandomValues(disk.subarray(at, at + 65536));

interface Place {
  readonly dir: string;
  readonly publisher: Publisher;
  readonly pins: string;
  readonly lines: string[];
  fetch(request: Pick<FetchImageRequest, "source"> & Partial<FetchImageRequest>): Promise<
    Awaited<ReturnType<typeof fetchImage>>
  >;
}

/** A test with a publisher of its own. */
function publisherTest(name: string, test: (place: Place) => Promise<void>): void {
  const programs = ["openssl", "xz", "gzip", "zstd", "qemu-img"];
  const ignore = programs.some((program) => findProgram(program) === undefined);
  Deno.test({ name, ignore, fn: () => atPublisher(test) });
}

async function atPublisher(test: (place: Place) => Promise<void>): Promise<void> {
  await using box = await sandbox();
  const dir = box.path;
  await using _images = await sandbox({ GUESTHOUSE_IMAGES: join(dir, "images/dist") });
  await using publisher = await startPublisher(dir);
  using client = Deno.createHttpClient({ caCerts: [publisher.ca] });
  const pins = join(dir, "images.lock.json");
  const lines: string[] = [];
  await test({
    ...{ dir, publisher, pins, lines },
    fetch: (request) =>
      fetchImage({
        ...{ name: NAME, mostBytes: 4 * 2 ** 20, client, pins, retryMs: 1, stallMs: 5000 },
        signal: new AbortController().signal,
        onPhase: () => {},
        log: (line) => void lines.push(line),
        ...request,
      }),
  });
}

const filesHere = async () =>
  (await Array.fromAsync(Deno.readDir(downloadsDir(NAME))))
    .map(({ name }) => name.replace(/^[0-9a-f]{16}/, "DIGEST")).filter((name) => name !== "lock")
    .sort();

/** Packs the disk as a publisher does. */
async function packed(dir: string, end: "xz" | "gz" | "zst"): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(dir, "to-pack");
  await Deno.writeFile(path, disk);
  if (end === "xz") await $`xz --force --keep ${path}`;
  else if (end === "gz") await $`gzip --force --keep ${path}`;
  else await $`zstd --quiet --force ${path}`;
  return await Deno.readFile(`${path}.${end}`);
}

const forms = [
  { name: "disk.img", sums: "SHA256SUMS", how: SUMS },
  { name: "disk.raw.xz", sums: "CHECKSUM.SHA512-X", how: { algorithm: "sha512", form: "bsd" } },
  { name: "disk.img.gz", sums: "SHA512", how: { algorithm: "sha512", form: "bsd" } },
  { name: "disk.img.zst", sums: "SHA256SUMS", how: SUMS },
] as const;

for (const { name, sums, how } of forms) {
  publisherTest(
    `fetchImage() fetches, unpacks and pins ${name}, and then needs no network`,
    async ({ dir, publisher, pins, fetch }) => {
      const end = name.split(".").at(-1)!;
      const content = end === "img" ? disk : await packed(dir, end as "xz");
      publisher.files.set(`/${name}`, content);
      await publisher.publish(sums, [name], how);
      const source = sourceOf(publisher, name, { checksums: sums, algorithm: how.algorithm });
      const { path, format } = await fetch({ source });
      assertEquals(format, "raw");
      assertEquals(await Deno.readFile(path), disk);
      const pin = JSON.parse(await Deno.readTextFile(pins))[NAME];
      assertEquals([pin.url, pin.bytes], [source.url, content.length]);
      assertEquals(await filesHere(), ["DIGEST.raw", "DIGEST.raw.sha256"]);
      publisher.requests.length = 0;
      assertEquals((await fetch({ source, how: { offline: true } })).path, path);
      // Also after it was lost: only the file itself is fetched, and compared with the pin.
      await Deno.remove(path);
      await fetch({ source });
      assertEquals(publisher.requests, [`/${name}`]);
    },
  );
}

/** A publisher's plain file, listed in `SHA256SUMS`. */
async function publishDisk(publisher: Publisher, content: Uint8Array<ArrayBuffer> = disk) {
  publisher.files.set("/disk.img", content);
  await publisher.publish("SHA256SUMS", ["disk.img"], SUMS);
  return sourceOf(publisher, "disk.img");
}

publisherTest(
  "fetchImage() resumes, retries and goes on to a mirror",
  async ({ publisher, fetch, lines }) => {
    const source = await publishDisk(publisher);
    publisher.faults.set("/disk.img", [{ cutAfter: 2 ** 20 }, { status: 500 }, { status: 503 }]);
    assertEquals(await Deno.readFile((await fetch({ source })).path), disk);
    const [first, ...rest] = publisher.requests.slice(1);
    assertEquals(first, "/disk.img");
    assertEquals(rest.map((line) => /^\/disk.img bytes=\d{6,7}-$/.test(line)), [true, true, true]);
    assert(lines.some((line) => /^\d+% of 3\.0 MiB$/.test(line)), lines.join("\n"));

    await Deno.remove(downloadsDir(NAME), { recursive: true });
    publisher.files.set("/mirror/disk.img", disk);
    publisher.faults.set("/disk.img", [{ status: 404 }]);
    const mirrors = [`${publisher.base}/mirror/disk.img`];
    await fetch({ source: { ...source, mirrors } });
    assertEquals(publisher.requests.at(-1), "/mirror/disk.img");
  },
);

publisherTest(
  "fetchImage() takes what a slow server and one without ranges send",
  async ({ publisher, fetch }) => {
    const source = await publishDisk(publisher);
    publisher.faults.set("/disk.img", [{ slowMs: 5 }]);
    await fetch({ source });
    await Deno.remove(downloadsDir(NAME), { recursive: true });
    publisher.faults.set("/disk.img", [{ cutAfter: 2 ** 20 }, { noRanges: true }]);
    assertEquals(await Deno.readFile((await fetch({ source })).path), disk);
  },
);

publisherTest(
  "fetchImage() sets a file with a wrong checksum aside, and shows both",
  async ({ publisher, pins, fetch }) => {
    const source = await publishDisk(publisher);
    const wrong = disk.with(5, disk[5]! ^ 1) as Uint8Array<ArrayBuffer>;
    publisher.files.set("/disk.img", wrong);
    const error = await assertRejects(() => fetch({ source }), WorkError, "checksum mismatch");
    assertEquals(error.details.slice(0, 2).every((line) => /sha256 [0-9a-f]{64}/.test(line)), true);
    assertStringIncludes(error.details[2]!, ".quarantined");
    assertEquals(await filesHere(), ["DIGEST.raw.quarantined"]);
    await assertRejects(() => Deno.stat(pins), Deno.errors.NotFound);
    // The next run starts over, and the right file is not refused.
    publisher.files.set("/disk.img", disk);
    assertEquals(await Deno.readFile((await fetch({ source })).path), disk);
  },
);

publisherTest(
  "fetchImage() holds the server to the pin, until it is told to update",
  async ({ publisher, pins, fetch }) => {
    const source = await publishDisk(publisher);
    const { path } = await fetch({ source });
    const newer = disk.toReversed() as Uint8Array<ArrayBuffer>;
    await publishDisk(publisher, newer);
    // What is kept serves on.
    assertEquals((await fetch({ source })).path, path);
    await Deno.remove(path);
    const error = await assertRejects(() => fetch({ source }), WorkError, "checksum mismatch");
    assertStringIncludes(error.next ?? "", "setup-images linux-test --update");
    const updated = await fetch({ source, how: { update: true } });
    assertEquals(await Deno.readFile(updated.path), newer);
    assertEquals(JSON.parse(await Deno.readTextFile(pins))[NAME].digest, updated.pin.digest);
  },
);

publisherTest(
  "fetchImage() checks the publisher's signature, and keeps the publisher's key",
  async ({ dir, publisher, fetch }) => {
    publisher.files.set("/disk.img", disk);
    await publisher.publish("SHA256SUMS", ["disk.img"], SUMS);
    const key = relative(root, join(dir, "keys/publisher.asc"));
    const source = sourceOf(publisher, "disk.img", { key });
    const good = publisher.files.get("/SHA256SUMS.gpg")!;
    publisher.files.set("/SHA256SUMS.gpg", good.with(-1, good.at(-1)! ^ 1) as typeof good);
    const bad = await assertRejects(() => fetch({ source }), WorkError, "Cannot trust ");
    assertStringIncludes(bad.details.join("\n"), publisher.fingerprint);
    assertEquals(await filesHere(), []);
    publisher.files.set("/SHA256SUMS.gpg", good);
    const { pin } = await fetch({ source });
    assertEquals(pin.signedBy, publisher.fingerprint);
    assertStringIncludes(await Deno.readTextFile(join(root, key)), "BEGIN PGP PUBLIC KEY");
    // Another key, wherever it comes from, is none.
    const { signature } = source.checksums;
    const other = { ...signature!, fingerprint: "0123456789ABCDEF".repeat(3).slice(0, 40) };
    const checksums = { ...source.checksums, signature: other };
    await assertRejects(
      () => fetch({ source: { ...source, checksums }, how: { update: true } }),
      WorkError,
      "it is not the publisher's",
    );
  },
);

const refusals = [
  { title: "404", fault: { status: 404 }, says: "answers 404" },
  { title: "500 that stays", fault: { status: 500 }, says: "answers 500" },
  { title: "redirect loop", fault: { redirect: "/disk.img" }, says: "broke 4 times" },
] as const;

for (const { title, fault, says } of refusals) {
  publisherTest(
    `fetchImage() gives up on a ${title}, and leaves nothing that is used`,
    async ({ publisher, fetch }) => {
      const source = await publishDisk(publisher);
      publisher.faults.set("/disk.img", Array(200).fill(fault));
      const error = await assertRejects(() => fetch({ source }), WorkError);
      assertStringIncludes([error.message, ...error.details].join("\n"), says);
      assertEquals(await filesHere(), []);
    },
  );
}

publisherTest(
  "fetchImage() notices a file that changes between two requests",
  async ({ publisher, fetch }) => {
    const source = await publishDisk(publisher);
    publisher.faults.set("/disk.img", [{ cutAfter: 2 ** 20 }]);
    const fetching = fetch({ source, retryMs: 300 });
    while (!publisher.requests.includes("/disk.img")) await new Promise((go) => setTimeout(go, 10));
    publisher.files.set("/disk.img", disk.toReversed() as Uint8Array<ArrayBuffer>);
    const error = await assertRejects(() => fetching, WorkError, "has changed meanwhile");
    assertStringIncludes(error.next ?? "", "it starts over");
    assertEquals(await filesHere(), []);
  },
);

publisherTest(
  "fetchImage() says that a publisher's list lacks the file",
  async ({ publisher, fetch }) => {
    publisher.files.set("/other.img", disk);
    await publisher.publish("SHA256SUMS", ["other.img"], SUMS);
    const source = sourceOf(publisher, "disk.img");
    const error = await assertRejects(() => fetch({ source }), WorkError, "lists no checksum");
    assertStringIncludes(error.details.join("\n"), "SHA256SUMS");
  },
);

publisherTest(
  "fetchImage() refuses plain HTTP without a pin, and takes it with one",
  async ({ publisher, fetch, pins }) => {
    const source = await publishDisk(publisher);
    await using plain = Deno.serve({
      ...{ hostname: "127.0.0.1", port: 0, onListen: () => {} },
    }, () => new Response(disk));
    const url = `http://127.0.0.1:${plain.addr.port}/disk.img`;
    const insecure = { ...source, url };
    const error = await assertRejects(
      () => fetch({ source: insecure }),
      UsageError,
      "not on HTTPS",
    );
    assertStringIncludes(error.next ?? "", "https://");
    const { pin } = await fetch({ source });
    await Deno.writeTextFile(pins, JSON.stringify({ [NAME]: { ...pin, url } }));
    await Deno.remove(downloadsDir(NAME), { recursive: true });
    assertEquals(await Deno.readFile((await fetch({ source: insecure })).path), disk);
  },
);

publisherTest("fetchImage() stops at a decompression bomb", async ({ dir, publisher, fetch }) => {
  const bomb = join(dir, "bomb");
  await Deno.writeFile(bomb, new Uint8Array());
  await Deno.truncate(bomb, 300 * 2 ** 20);
  await $`gzip --force ${bomb}`;
  publisher.files.set("/bomb.gz", await Deno.readFile(`${bomb}.gz`));
  await publisher.publish("SHA256SUMS", ["bomb.gz"], SUMS);
  const source = sourceOf(publisher, "bomb.gz");
  const error = await assertRejects(() => fetch({ source }), WorkError, "unpacks to more than");
  assertStringIncludes(error.message, "4.0 MiB");
  assertEquals((await filesHere()).filter((name) => !name.endsWith(".part")), []);
});

for (const end of ["xz", "gz"] as const) {
  publisherTest(
    `fetchImage() does not use a .${end} that its publisher has cut off`,
    async ({ dir, publisher, fetch }) => {
      const whole = await packed(dir, end);
      publisher.files.set(`/cut.${end}`, whole.slice(0, whole.length - 1000));
      await publisher.publish("SHA256SUMS", [`cut.${end}`], SUMS);
      const source = sourceOf(publisher, `cut.${end}`);
      await assertRejects(() => fetch({ source }), WorkError, "damaged or cut off");
      assertEquals((await filesHere()).filter((name) => !name.endsWith(".part")), []);
    },
  );
}

publisherTest(
  "fetchImage() takes a user's own file only with the publisher's checksum",
  async ({ dir, publisher, fetch, pins }) => {
    const source = await publishDisk(publisher);
    const from = join(dir, "own.img");
    await Deno.writeFile(from, new Uint8Array(512));
    await assertRejects(() => fetch({ source, how: { from } }), WorkError, "checksum mismatch");
    assertEquals((await Deno.stat(from)).size, 512);
    const nothing = { from: join(dir, "none"), offline: true };
    await assertRejects(() => fetch({ source, how: nothing }), HostError, "never downloaded here");
    await assertRejects(
      () => fetch({ source, how: { from: nothing.from } }),
      UsageError,
      "no such",
    );
    await Deno.writeFile(from, disk);
    const { path } = await fetch({ source, how: { from } });
    assertEquals(await Deno.readFile(path), disk);
    assertEquals(publisher.requests.filter((path) => path === "/disk.img"), []);
    // With the pin, nothing of it needs the network.
    await Deno.remove(path);
    publisher.requests.length = 0;
    await fetch({ source, how: { from, offline: true } });
    assertEquals(publisher.requests, []);
    await Deno.remove(path);
    const error = await assertRejects(() => fetch({ source, how: { offline: true } }), HostError);
    assertStringIncludes(error.next ?? "", "--from FILE");
    assert(pins);
  },
);

publisherTest(
  "fetchImage() refuses a qcow2 image that names another file",
  async ({ dir, publisher, fetch }) => {
    const image = join(dir, "image.qcow2");
    await $`qemu-img create -q -f qcow2 -u -F raw -b /etc/hostname ${image} 1M`;
    publisher.files.set("/image.qcow2", await Deno.readFile(image));
    await publisher.publish("SHA256SUMS", ["image.qcow2"], SUMS);
    const source = sourceOf(publisher, "image.qcow2", { format: "qcow2" });
    await assertRejects(() => fetch({ source }), WorkError, "needs another file");
    await $`qemu-img create -q -f qcow2 ${image} 8M`;
    publisher.files.set("/image.qcow2", await Deno.readFile(image));
    await publisher.publish("SHA256SUMS", ["image.qcow2"], SUMS);
    await assertRejects(
      () => fetch({ source }),
      WorkError,
      "more than the guest's disk of 4.0 MiB",
    );
  },
);
