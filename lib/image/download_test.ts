import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { WorkError } from "../cli/errors.ts";
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
  ...{ url, path, sha256, bytes: content.length, retryMs: 1 },
  signal: new AbortController().signal,
});

Deno.test("download() brings the file and tells of progress", async () => {
  await withServer({}, async ({ url }, path) => {
    const seen: number[] = [];
    await download({ ...request(url, path), onProgress: (bytes) => seen.push(bytes) });
    assertEquals(await Deno.readFile(path), content);
    assertEquals(seen.at(-1), content.length);
    assertEquals(await Deno.stat(`${path}.part`).catch(() => "gone"), "gone");
  });
});

Deno.test("download() goes on where an interrupted one stopped", async () => {
  await withServer({}, async ({ url, requests }, path) => {
    await Deno.writeFile(`${path}.part`, content.subarray(0, 50_000));
    await download(request(url, path));
    assertEquals(await Deno.readFile(path), content);
    assertEquals(requests, ["bytes=50000-"]);
  });
});

Deno.test("download() starts again where the server cannot send a part", async () => {
  await withServer({ ranges: false }, async ({ url }, path) => {
    await Deno.writeFile(`${path}.part`, content.subarray(0, 50_000));
    await download(request(url, path));
    assertEquals(await Deno.readFile(path), content);
  });
});

Deno.test("download() takes up again what broke off in the middle", async () => {
  await withServer({ cutAfter: 25_000 }, async ({ url, requests }, path) => {
    await download(request(url, path));
    assertEquals(await Deno.readFile(path), content);
    assertEquals(requests, ["", "bytes=25000-", "bytes=50000-"]);
  });
});

Deno.test("download() keeps what came where a connection keeps breaking", async () => {
  await withServer({ cutAfter: 10_000 }, async ({ url }, path) => {
    const error = await assertRejects(
      () => download(request(url, path)),
      WorkError,
      "broke 4 times",
    );
    assertStringIncludes(error.details.join("\n"), "39.1 KiB of 58.6 KiB are here");
    assertStringIncludes(error.next ?? "", "takes up where this one stopped");
    assertEquals((await Deno.stat(`${path}.part`)).size, 40_000);
    await download(request(url, path));
    assertEquals(await Deno.readFile(path), content);
  });
});

Deno.test("download() removes bytes with another checksum", async () => {
  await withServer({}, async ({ url }, path) => {
    const wrong = { ...request(url, path), sha256: "0".repeat(64) };
    const error = await assertRejects(() => download(wrong), WorkError, "its checksum is another");
    assertStringIncludes(error.details.join("\n"), sha256);
    assertEquals(await Array.fromAsync(Deno.readDir(join(path, ".."))), []);
  });
});

Deno.test("download() reports what the server refuses", async () => {
  await withServer({ status: 404 }, async ({ url }, path) => {
    const error = await assertRejects(() => download(request(url, path)), WorkError, "404");
    assertStringIncludes(error.next ?? "", "nix/pins.json");
  });
});

Deno.test("download() stops when aborted, and keeps what came", async () => {
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
