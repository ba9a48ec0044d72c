// A publisher of disk images for tests: an HTTPS server with an authority of its own, files in the
// formats of real publishers, an OpenPGP key, and faults on demand.
import { join } from "@std/path";
import { createHash } from "node:crypto";
import {
  createMessage,
  generateKey,
  type PrivateKey,
  readKey,
  readPrivateKey,
  sign,
} from "openpgp";
import type { ImageSource } from "../../config/image_source.ts";
import { $ } from "../../base/process/dollar.ts";

/** What is wrong with one answer. */
export type Fault =
  /** A status in place of the file. */
  | { readonly status: number }
  /** The answer ends after so many bytes, though it promised more. */
  | { readonly cutAfter: number }
  /** So many milliseconds pass before each 64 KiB. */
  | { readonly slowMs: number }
  /** It leads to itself, or elsewhere. */
  | { readonly redirect: string }
  /** No parts: always the whole file. */
  | { readonly noRanges: true };

/** A server; disposal ends it. */
export interface Publisher extends AsyncDisposable {
  readonly base: string;
  /** The certificate of its authority, in PEM, and its file. */
  readonly ca: string;
  readonly caPath: string;
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** By path: the faults of the next answers, one each. */
  readonly faults: Map<string, Fault[]>;
  /** `PATH RANGE` of each request. */
  readonly requests: string[];
  readonly fingerprint: string;
  /** Puts a file of checksums beside the files, with the lines of `form`, and signs it. */
  publish(
    checksums: string,
    names: readonly string[],
    how: { readonly algorithm: "sha256" | "sha512"; readonly form: "coreutils" | "bsd" },
  ): Promise<void>;
}

/** Starts a publisher on the host's loopback, with its certificates in a directory. */
export async function startPublisher(dir: string): Promise<Publisher> {
  const at = (name: string) => join(dir, name);
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const [caKey, caPath, key, cert] = ["ca.key", "ca.pem", "key.pem", "cert.pem"].map(at);
  await $`openssl req -x509 ${ec} -keyout ${caKey!} -out ${caPath!} -subj ${"/CN=guesthouse test"}`;
  const extensions = ["subjectAltName=IP:127.0.0.1", "basicConstraints=critical,CA:FALSE"];
  const signed = [
    ...["-CA", caPath!, "-CAkey", caKey!],
    ...extensions.flatMap((extension) => ["-addext", extension]),
  ];
  await $`openssl req -x509 ${ec} -keyout ${key!} -out ${cert!} -subj ${"/CN=publisher"} ${signed}`;
  const pgp = await generateKey({ userIDs: [{ name: "Publisher" }], format: "armored" });
  const privateKey = await readPrivateKey({ armoredKey: pgp.privateKey });
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  files.set("/key.asc", new TextEncoder().encode(pgp.publicKey));
  const faults = new Map<string, Fault[]>();
  const requests: string[] = [];
  const abort = new AbortController();
  const server = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0, signal: abort.signal, onListen: () => {} },
    cert: await Deno.readTextFile(cert!),
    key: await Deno.readTextFile(key!),
    // A body that fails is what a broken connection looks like.
    onError: () => new Response(null, { status: 500 }),
  }, (request) => {
    const path = new URL(request.url).pathname;
    const range = request.headers.get("range") ?? "";
    requests.push(`${path} ${range}`.trim());
    return answer(files.get(path), range, faults.get(path)?.shift());
  });
  return {
    ...{ files, faults, requests, caPath: caPath! },
    base: `https://127.0.0.1:${server.addr.port}`,
    ca: await Deno.readTextFile(caPath!),
    fingerprint: (await readKey({ armoredKey: pgp.publicKey })).getFingerprint().toUpperCase(),
    async publish(checksums, names, how) {
      const text = names.map((name) => checksumLine(name, files.get(`/${name}`)!, how)).join("");
      files.set(`/${checksums}`, new TextEncoder().encode(text));
      files.set(`/${checksums}.gpg`, await signatureOf(text, privateKey));
    },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await server.finished;
    },
  };
}

/** The entry of one of a publisher's files, as a platform's config has it. */
export function sourceOf(
  { base, fingerprint }: Publisher,
  name: string,
  { checksums = "SHA256SUMS", key, algorithm = "sha256", ...rest }: {
    readonly checksums?: string;
    /** The key's file, relative to the checkout; without it, nothing is signed. */
    readonly key?: string;
    readonly algorithm?: "sha256" | "sha512";
    readonly mirrors?: string[];
    readonly format?: "qcow2" | "raw";
  } = {},
): ImageSource {
  const url = `${base}/${checksums}`;
  const signature = key === undefined
    ? undefined
    : { url: `${url}.gpg`, fingerprint, key, keyUrl: `${base}/key.asc` };
  return {
    ...{ url: `${base}/${name}`, mirrors: [], format: "raw", ...rest },
    checksums: { url, algorithm, signature },
  };
}

function answer(
  content: Uint8Array<ArrayBuffer> | undefined,
  range: string,
  fault: Fault | undefined,
): Response {
  if (content === undefined) return new Response("no", { status: 404 });
  if (fault !== undefined && "status" in fault) return new Response("no", fault);
  if (fault !== undefined && "redirect" in fault) {
    return new Response(null, { status: 302, headers: { location: fault.redirect } });
  }
  const noRanges = fault !== undefined && "noRanges" in fault;
  const start = noRanges ? 0 : Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0);
  const etag = `"${createHash("sha256").update(content).digest("hex").slice(0, 16)}"`;
  if (start >= content.length && start > 0) {
    const headers = { etag, "content-range": `bytes */${content.length}` };
    return new Response(null, { status: 416, headers });
  }
  const rest = content.subarray(start);
  const headers = {
    etag,
    "content-length": `${rest.length}`,
    ...start > 0
      ? { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` }
      : {},
  };
  return new Response(bodyOf(rest, fault), { status: start > 0 ? 206 : 200, headers });
}

const PIECE_BYTES = 64 * 1024;

function bodyOf(content: Uint8Array<ArrayBuffer>, fault: Fault | undefined) {
  const cutAfter = fault !== undefined && "cutAfter" in fault ? fault.cutAfter : Infinity;
  const slowMs = fault !== undefined && "slowMs" in fault ? fault.slowMs : 0;
  let at = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (at >= cutAfter) return controller.error(new Error("cut off"));
      if (at >= content.length) return controller.close();
      if (slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs));
      const piece = content.subarray(at, Math.min(at + PIECE_BYTES, cutAfter));
      at += piece.length;
      controller.enqueue(piece);
    },
  });
}

function checksumLine(
  name: string,
  content: Uint8Array,
  { algorithm, form }: {
    readonly algorithm: "sha256" | "sha512";
    readonly form: "coreutils" | "bsd";
  },
): string {
  const hex = createHash(algorithm).update(content).digest("hex");
  return form === "bsd" ? `${algorithm.toUpperCase()} (${name}) = ${hex}\n` : `${hex} *${name}\n`;
}

async function signatureOf(text: string, signingKeys: PrivateKey) {
  const message = await createMessage({ binary: new TextEncoder().encode(text) });
  const signature = await sign({ message, signingKeys, detached: true, format: "binary" });
  return new Uint8Array(signature as Uint8Array<ArrayBuffer>);
}
