import { assertEquals } from "@std/assert";
import { shareMount } from "./share_mount.ts";

Deno.test("shareMount() shows each side the other's changes, in large messages", () => {
  assertEquals(shareMount({ mode: "9p", readOnly: false }), {
    type: "9p",
    source: "share",
    options: [
      ...["rw", "nosuid", "nodev", "nofail", "trans=virtio", "version=9p2000.L"],
      ...["msize=512000", "cache=mmap"],
    ],
  });
});

Deno.test("shareMount() takes other sizes and caches, for measurements", () => {
  const { options } = shareMount({ mode: "9p", readOnly: true, msize: 131072, cache: "loose" });
  assertEquals([options[0], ...options.slice(-2)], ["ro", "msize=131072", "cache=loose"]);
});

Deno.test("shareMount() has no 9p options for virtiofs", () => {
  const { type, options } = shareMount({ mode: "virtiofs", readOnly: false });
  assertEquals([type, ...options], ["virtiofs", "rw", "nosuid", "nodev", "nofail"]);
});
