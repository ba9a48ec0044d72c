import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../../base/process/dollar.ts";
import { root } from "../../base/files/paths.ts";
import { devImage } from "./debian_image.ts";
import { debian, packDevSeed } from "./debian_flavour.ts";
import type { FlavourRequest } from "./flavour.ts";
import { CONFIG } from "../dev_testing.ts";
import { finishImage, makeImagesDir } from "../../image/platform/image_testing.ts";

const request: FlavourRequest = {
  config: CONFIG,
  dir: "/guest",
  keys: { clientKey: "/key", clientPublic: "ssh-ed25519 AA", hostSecret: "s", hostPublic: "p" },
  guestIds: { uid: 1234, gid: 20 },
  mount: { type: "9p", source: "share", options: ["trans=virtio", "msize=1048576"] },
  signal: new AbortController().signal,
};

Deno.test("packDevSeed() says who the user is and what is mounted, in words for a shell", () => {
  const text = new TextDecoder().decode(packDevSeed(request));
  assertMatch(text, /DEV_USER=armdev\nDEV_UID=1234\nDEV_GID=20\nSHARE_DIR=\/project\n/);
  assertMatch(
    text,
    /SHARE_TYPE=9p\nSHARE_SOURCE=share\nSHARE_OPTIONS='trans=virtio,msize=1048576'\n/,
  );
  assertMatch(text, /\n::1 localhost ip6-localhost ip6-loopback\n127\.0\.1\.1 armdev\n/);
  const none = new TextDecoder().decode(packDevSeed({ ...request, mount: undefined }));
  assertMatch(none, /SHARE_TYPE=''\nSHARE_SOURCE=''\nSHARE_OPTIONS=''\n/);
});

Deno.test("packDevSeed() declares the share in a systemd unit of the expected name", () => {
  const share = { ...CONFIG.share, name: "my-project" };
  const text = new TextDecoder().decode(
    packDevSeed({ ...request, config: { ...CONFIG, share } }),
  );
  assertMatch(text, /seed\/etc\/systemd\/system\/my\\x2dproject\.mount\0/);
  assertMatch(text, /\nWhere=\/my-project\n/);
  assertMatch(text, /\nBefore=my\\x2dproject\.mount\n/);
});

Deno.test("debian boots its kernel directly, and writes nothing in a dry run", async () => {
  const { args, announcesReady } = await debian.boot({ ...request, dryRun: true });
  assertEquals(args.slice(0, 4), [
    "-kernel",
    "/guest/vmlinuz",
    "-initrd",
    "/guest/initramfs.seeded",
  ]);
  assertMatch(
    args.at(-1) ?? "",
    /^console=ttyAMA0 .* guesthouse\.root=disk0 .* systemd.hostname=armdev$/,
  );
  assertEquals(announcesReady, true);
});

Deno.test("the dev image's kernel is Debian's generic one, which has 9p", async () => {
  assertEquals((await devImage()).image.kernelPackage, "linux-image-arm64");
});

Deno.test("the dev image's provisioning is a script that every POSIX shell reads", async () => {
  const path = join(root, (await devImage()).image.provision);
  assertEquals((await $`sh -n ${path}`).stderr, "");
});

Deno.test("debian.prepareTools() wants tools for an image only where there is none", async () => {
  await using _images = await makeImagesDir();
  const tools = ["image", "binfmt", "init"] as const;
  assertEquals(await debian.prepareTools(false), tools);
  await finishImage(await devImage());
  assertEquals(await debian.prepareTools(false), []);
  assertEquals(await debian.prepareTools(true), tools);
});
