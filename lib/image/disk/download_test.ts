import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { WorkError } from "../../base/errors.ts";
import { download } from "./download.ts";
import { type FileServer, serveFile } from "./download_testing.ts";

const content = crypto.getRandomValues(new Uint8Array(60_000));
const sha256 = createHash("sha256").update(content).digest("hex");

async function withServer(
  options: Parameters<typeof serveFile>[1],
  test: (server: FileServer, path: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  await using server = serveFile(content, options);
  try {
    await test(server, join(dir, "file"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const request = (url: string, path: string) => ({
  ...{ url, path, sha256, bytes: content.length, retryMs: 1, gone: "look elsewhere" },
  signal: new AbortController().signal,
});

Deno.test("download() fetches the file and reports progress", async () => {
  await withServer({}, async ({ url }, path) => {
    const seen: number[] = [];
    await download({ ...request(url, path), onProgress: (bytes) => seen.push(bytes) });
    assertEquals(await Deno.readFile(path), content);
    assertEquals(seen.at(-1), content.length);
    assertEquals(await Deno.stat(`${path}.part`).catch(() => "gone"), "gone");
  });
});

Deno.test("download() resumes where an interrupted one stopped", async () => {
  await withServer({}, async ({ url, requests }, path) => {
    await Deno.writeFile(`${path}.part`, content.subarray(0, 50_000));
    await download(request(url, path));
    assertEquals(await Deno.readFile(path), content);
    assertEquals(requests, ["bytes=50000-"]);
  });
});

Deno.test("download() starts over if the server cannot send a range", async () => {
  await withServer({ ranges: false }, async ({ url }, path) => {
    await Deno.writeFile(`${path}.part`, content.subarray(0, 50_000));
    await download(request(url, path));
    assertEquals(await Deno.readFile(path), content);
  });
});

Deno.test("download() resumes after a connection breaks in the middle", async () => {
  await withServer({ cutAfter: 25_000 }, async ({ url, requests }, path) => {
    await download(request(url, path));
    assertEquals(await Deno.readFile(path), content);
    assertEquals(requests, ["", "bytes=25000-", "bytes=50000-"]);
  });
});

Deno.test("download() keeps what arrived if the connection keeps breaking", async () => {
  await withServer({ cutAfter: 10_000 }, async ({ url }, path) => {
    const error = await assertRejects(
      () => download(request(url, path)),
      WorkError,
      "broke 4 times",
    );
    assertStringIncludes(error.details.join("\n"), "39.1 KiB of 58.6 KiB are here");
    assertStringIncludes(error.next ?? "", "resumes where this one stopped");
    assertEquals((await Deno.stat(`${path}.part`)).size, 40_000);
    await download(request(url, path));
    assertEquals(await Deno.readFile(path), content);
  });
});

Deno.test("download() removes a file with another checksum", async () => {
  await withServer({}, async ({ url }, path) => {
    const wrong = { ...request(url, path), sha256: "0".repeat(64) };
    const error = await assertRejects(() => download(wrong), WorkError, "checksum mismatch");
    assertStringIncludes(error.details.join("\n"), sha256);
    assertEquals(await Array.fromAsync(Deno.readDir(join(path, ".."))), []);
  });
});

Deno.test("download() reports what the server refuses", async () => {
  await withServer({ status: 404 }, async ({ url }, path) => {
    const error = await assertRejects(() => download(request(url, path)), WorkError, "404");
    assertStringIncludes(error.next ?? "", "look elsewhere");
  });
});

Deno.test("download() stops when aborted, and keeps what arrived", async () => {
  await withServer({ cutAfter: 20_000, hang: true }, async ({ url }, path) => {
    const abort = new AbortController();
    const onProgress = (bytes: number) => {
      if (bytes >= 20_000) abort.abort(new Error("enough"));
    };
    const options = { ...request(url, path), signal: abort.signal, onProgress };
    await assertRejects(() => download(options), Error, "enough");
    assertEquals((await Deno.stat(`${path}.part`)).size, 20_000);
  });
});

Deno.test("download() cuts off a server that sends more than was recorded", async () => {
  await withServer({ endless: true }, async ({ url, sentBytes }, path) => {
    const error = await assertRejects(
      () => download({ ...request(url, path), bytes: 1000 }),
      WorkError,
      "it is longer than was recorded",
    );
    assertStringIncludes(error.details.join("\n"), "1000 B");
    assert(sentBytes.count < 64 * 2 ** 20, `${sentBytes.count} bytes`);
    // Nothing is kept that a later run would take for the beginning of the file.
    assertEquals(await Array.fromAsync(Deno.readDir(join(path, ".."))), []);
  });
});

Deno.test("download() looks at its signal with each piece, and lets timers have their turns", async () => {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "file");
  const realFetch = globalThis.fetch;
  // As on a fast line: every piece is there before it is asked for, also after the signal.
  globalThis.fetch = () => Promise.resolve(new Response(piecesOf(2000)));
  try {
    for (const when of ["at once", "later"]) {
      const abort = new AbortController();
      const stop = () => abort.abort(new Error("enough"));
      let isBegun = false;
      const onProgress = () => {
        if (!isBegun) when === "at once" ? stop() : setTimeout(stop);
        isBegun = true;
      };
      const options = { ...request("http://127.0.0.1/", path), bytes: 10 ** 9, onProgress };
      await assertRejects(() => download({ ...options, signal: abort.signal }), Error, "enough");
      const { size } = await Deno.stat(`${path}.part`);
      assert(size <= (when === "at once" ? 1 : 1999) * PIECE, `${size} bytes`);
    }
  } finally {
    globalThis.fetch = realFetch;
    await Deno.remove(dir, { recursive: true });
  }
});

const PIECE = 16 * 1024;

function piecesOf(count: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(PIECE));
      if (--count === 0) controller.close();
    },
  });
}

Deno.test("download() does not wait forever for a silent server", async () => {
  await withServer({ cutAfter: 20_000, hang: true }, async ({ url, requests }, path) => {
    await download({ ...request(url, path), stallMs: 200 });
    assertEquals(await Deno.readFile(path), content);
    assertEquals(requests, ["", "bytes=20000-", "bytes=40000-"]);
  });
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dir = await Deno.makeTempDir();
  try {
    const url = `http://127.0.0.1:${silent.addr.port}/file`;
    const error = await assertRejects(
      () => download({ ...request(url, join(dir, "file")), stallMs: 20 }),
      WorkError,
      "broke 4 times",
    );
    assertEquals(error.details[0], "the server is silent for 0.02 s");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
