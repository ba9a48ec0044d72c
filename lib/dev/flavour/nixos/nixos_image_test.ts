import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { WorkError } from "../../../base/errors.ts";
import { findUboot, type ImageOptions } from "./nixos_image.ts";
import { prepareStock } from "./nixos_flavour.ts";
import type { NixosSources } from "../../../config/nixos_sources.ts";

const JOB = { job: "a/b/c", product: "sd-image" };

/** What a farm sends, and what it says of it. */
interface Served {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many bytes an answer ends after. */
  readonly cutAfter?: number;
  readonly sha256?: string;
}

interface Place {
  readonly dir: string;
  readonly sources: NixosSources;
  readonly options: ImageOptions & { readonly disk: string; readonly diskGiB: number };
  readonly steps: string[];
}

async function withFarm(served: Served, test: (place: Place) => Promise<void>): Promise<void> {
  const { bytes, cutAfter = Infinity } = served;
  const sha256hash = served.sha256 ?? createHash("sha256").update(bytes).digest("hex");
  const product = {
    name: "nixos.img.zst",
    subtype: "sd-image",
    filesize: bytes.length,
    sha256hash,
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    if (!request.url.includes("/download/")) {
      return Response.json({ id: 1, buildproducts: { "1": product } });
    }
    return new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes.subarray(0, Math.min(cutAfter, bytes.length)));
          controller.close();
        },
      }),
    );
  });
  const dir = await Deno.makeTempDir();
  const farm = `http://127.0.0.1:${server.addr.port}`;
  const steps: string[] = [];
  try {
    await test({
      dir,
      steps,
      sources: { farm, image: JOB, uboot: { ...JOB, product: "nixos.img.zst" } },
      options: {
        signal: new AbortController().signal,
        retryMs: 1,
        onStep: (step) => steps.push(step),
        log: () => {},
        cacheDir: join(dir, "cache"),
        pins: join(dir, "pins.json"),
        disk: join(dir, "disk.qcow2"),
        diskGiB: 8,
      },
    });
  } finally {
    await server.shutdown();
    await Deno.remove(dir, { recursive: true });
  }
}

const names = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir), ({ name }) => name)).sort();

Deno.test("prepareStock() refuses bytes with another checksum than the farm's", async () => {
  const bytes = new Uint8Array(zstdCompressSync(new Uint8Array(5000)));
  await withFarm({ bytes, sha256: "1".repeat(64) }, async ({ sources, options, dir }) => {
    const prepare = () => prepareStock(sources, options);
    const error = await assertRejects(prepare, WorkError, "checksum mismatch");
    assertStringIncludes(error.details.join("\n"), `wanted: ${"1".repeat(64)}`);
    assertEquals((await names(join(dir, "cache"))).filter((name) => !name.endsWith(".lock")), []);
    assertEquals(await names(dir), ["cache", "pins.json"]);
  });
});

Deno.test("prepareStock() reports a download that ends too early", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(5000));
  await withFarm({ bytes, cutAfter: 1000 }, async ({ sources, options }) => {
    const error = await assertRejects(() => prepareStock(sources, options), WorkError);
    assertStringIncludes(error.message, "the connection broke 4 times");
    assertStringIncludes(error.next ?? "", "it resumes where this one stopped");
  });
});

Deno.test("prepareStock() refuses a disk of another layout, and leaves nothing unfinished", async () => {
  const bytes = new Uint8Array(zstdCompressSync(new Uint8Array(5_000_000)));
  await withFarm({ bytes }, async ({ sources, options, dir, steps }) => {
    const prepare = () => prepareStock(sources, options);
    const error = await assertRejects(prepare, WorkError, "it has no partition table (MBR)");
    assertStringIncludes(error.next ?? "", "configs/nixos.ts");
    assertEquals(await names(dir), ["cache", "pins.json"]);
    assertEquals(steps.map((step) => step.replace(/ \(.*/, "")), [
      "download nixos.img.zst",
      "unpack the image",
    ]);
    // What is there and proven is not fetched again.
    steps.length = 0;
    await assertRejects(prepare, WorkError, "MBR");
    assertEquals(steps, ["unpack the image"]);
  });
});

Deno.test("findUboot() takes the host's, or else the farm's", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(100));
  await withFarm({ bytes }, async ({ sources, options, dir }) => {
    const own = join(dir, "u-boot.bin");
    await Deno.writeTextFile(own, "firmware");
    assertEquals(await findUboot(sources, options, own), own);
    const fetched = await findUboot(sources, options, "/nowhere/u-boot.bin");
    assertEquals(await Deno.readFile(fetched), bytes);
  });
});
