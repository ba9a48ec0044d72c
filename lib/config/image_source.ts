import { z } from "zod";
import { fields } from "./faults.ts";
import { type DeepReadonly, path, text } from "./values.ts";

const webUrl = (wanted: string, protocols: readonly string[]) =>
  text(wanted).refine((url) => protocols.includes(URL.parse(url)?.protocol ?? ""), {
    error: wanted,
  });

const fileUrl = webUrl("an https:// or http:// URL of a file", ["https:", "http:"]);
const safeUrl = webUrl("an https:// URL of a file", ["https:"]);

/** 40 hexadecimal digits, as of an OpenPGP key of version 4. */
const FINGERPRINT = /^[0-9A-F]{40}$/;

/** The entry of a disk image that its publisher offers for download. */
export const imageSource = fields({
  /** A name that ends with `.xz`, `.gz` or `.zst` is that of a packed file. */
  url: fileUrl,
  /** Other places of the same file, tried in this order where `url` fails. Default none. */
  mirrors: z.array(fileUrl, { error: "a list of URLs" }).default([]),
  /** What the file is once it is unpacked. */
  format: z.enum(["qcow2", "raw"]),
  /** The publisher's own file of checksums, which has a line for the last part of `url`. */
  checksums: fields({
    url: safeUrl,
    algorithm: z.enum(["sha256", "sha512"]),
    /** A detached OpenPGP signature of that file, where the publisher makes one. */
    signature: fields({
      url: safeUrl,
      /** The publisher's key: the one thing that has to be known beforehand. */
      fingerprint: text("a fingerprint").regex(FINGERPRINT, {
        error: "a fingerprint, as 40 hexadecimal digits in upper case",
      }),
      /** The key's own file, relative to the checkout. */
      key: path("a path inside the checkout"),
      /** Where the key is fetched if there is no such file. It must have the fingerprint. */
      keyUrl: safeUrl,
    }, "an object").optional(),
  }, "an object"),
}, "an object");

/** {@link imageSource} with all defaults filled in. */
export type ImageSource = DeepReadonly<z.output<typeof imageSource>>;

/** How a file is packed. */
export type Packing = "none" | "xz" | "gz" | "zst";

/** How the file of a URL is packed, by the end of its name. */
export function packingOf(url: string): Packing {
  const end = /\.(xz|gz|zst)$/.exec(new URL(url).pathname)?.[1];
  return (end ?? "none") as Packing;
}

/** The name of a URL's file, by which a file of checksums lists it. */
export const sourceName = (url: string): string =>
  decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "");
