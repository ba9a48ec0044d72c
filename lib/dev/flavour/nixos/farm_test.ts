import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { UsageError, WorkError } from "../../../base/errors.ts";
import { newestFile } from "./farm.ts";
import { ensurePin, readPins } from "./pins.ts";

const JOB = { job: "nixos/release-26.05/nixos.sd_image.aarch64-linux", product: "sd-image" };
const SHA256 = "ab".repeat(32);
const PRODUCT = { name: "nixos.img.zst", subtype: "sd-image", filesize: 7, sha256hash: SHA256 };
const BUILD = { id: 42, buildproducts: { "1": { name: "log" }, "2": PRODUCT } };

/** A farm that redirects to its newest build, as Hydra does. */
async function withFarm(
  answer: unknown,
  test: (farm: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname, origin } = new URL(request.url);
    assertEquals(request.headers.get("accept"), "application/json");
    if (pathname === `/job/${JOB.job}/latest`) return Response.redirect(`${origin}/build/42`);
    if (pathname !== "/build/42") return new Response("none", { status: 404 });
    return typeof answer === "string" ? new Response(answer) : Response.json(answer);
  });
  try {
    await test(`http://127.0.0.1:${server.addr.port}`, new AbortController().signal);
  } finally {
    await server.shutdown();
  }
}

Deno.test("newestFile() gives the address of the build itself, with its checksum", async () => {
  await withFarm(BUILD, async (farm, signal) => {
    assertEquals(await newestFile(farm, JOB, signal), {
      url: `${farm}/build/42/download/2/nixos.img.zst`,
      sha256: SHA256,
      bytes: 7,
    });
  });
});

Deno.test("newestFile() says what is wrong with the job or the farm", async () => {
  await withFarm({ id: 42, buildproducts: { "1": { name: "log" } } }, async (farm, signal) => {
    const error = await assertRejects(() => newestFile(farm, JOB, signal), WorkError, "no product");
    assertEquals(error.details, ["it has log"]);
    const other = { ...JOB, job: "a/b/c" };
    await assertRejects(() => newestFile(farm, other, signal), WorkError, "it answers 404");
  });
  const bare = { id: 42, buildproducts: { "1": { ...PRODUCT, sha256hash: "" } } };
  await withFarm(bare, async (farm, signal) => {
    await assertRejects(() => newestFile(farm, JOB, signal), WorkError, "states no checksum");
  });
  const strange = [{ id: 42, buildproducts: { "1": null } }, { id: 42, buildproducts: [] }, null];
  for (const answer of ["<html>", ...strange]) {
    await withFarm(answer, async (farm, signal) => {
      const error = await assertRejects(() => newestFile(farm, JOB, signal), WorkError);
      assertStringIncludes(error.message, "it describes no build");
    });
  }
  // Nothing listens on port 1.
  const { signal } = new AbortController();
  const offline = () => newestFile("http://127.0.0.1:1", JOB, signal);
  await assertRejects(offline, WorkError, "there is no connection");
});

Deno.test("ensurePin() records the farm's first answer, and keeps it", async () => {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "pins.json");
  try {
    await withFarm(BUILD, async (farm, signal) => {
      const request = { name: "sd-image", farm, job: JOB, signal, path };
      const first = await ensurePin(request);
      assertEquals([first.isNew, first.pin.sha256, first.pin.bytes], [true, SHA256, 7]);
      assertEquals(await readPins(path), { "sd-image": first.pin });
      // The farm is gone, and is not asked.
      const again = await ensurePin({ ...request, farm: "http://127.0.0.1:1" });
      assertEquals(again, { pin: first.pin, isNew: false });
      // The pin of another release says nothing about this one.
      const next = { ...request, job: { ...JOB, job: "nixos/release-26.11/x" } };
      await assertRejects(() => ensurePin(next), WorkError, "404");
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("readPins() refuses a damaged record, and has none without a file", async () => {
  const path = await Deno.makeTempFile();
  try {
    for (const text of ["{", "[]", '{"a":{"url":"x"}}', '{"a":null}']) {
      await Deno.writeTextFile(path, text);
      const error = await assertRejects(() => readPins(path), UsageError);
      assertStringIncludes(error.next ?? "", "git checkout");
    }
  } finally {
    await Deno.remove(path);
  }
  assertEquals(await readPins(path), {});
});
