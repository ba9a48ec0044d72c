import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../../base/host_testing.ts";
import { downloadsDir } from "./downloads.ts";
import { writeImagePin } from "./image_pins.ts";
import { storedDownloads } from "./stored_downloads.ts";

Deno.test("storedDownloads() keeps what is pinned and what is on its way, and nothing else", async () => {
  await using box = await sandbox();
  await using _images = await sandbox({ GUESTHOUSE_IMAGES: join(box.path, "images/dist") });
  const pins = join(box.path, "images.lock.json");
  const [now, former] = ["a", "b"].map((letter) => letter.repeat(64)) as [string, string];
  await writeImagePin(pins, "linux", {
    ...{ url: "https://publisher.test/disk.img", bytes: 1, algorithm: "sha256", digest: now },
    taken: new Date().toISOString(),
  });
  const files = {
    linux: [
      ...[`${now}`, `${former}`].map((digest) => `${digest.slice(0, 16)}.qcow2`),
      ...[".part", ".unpacking", ".quarantined"].map((end) => `${now.slice(0, 16)}.qcow2${end}`),
      ...["lock", `${now.slice(0, 16)}.qcow2.sha256`],
    ],
    gone: [`${now.slice(0, 16)}.raw`],
    unpinned: [`${now.slice(0, 16)}.raw.part`],
  };
  for (const [name, names] of Object.entries(files)) {
    await Deno.mkdir(downloadsDir(name), { recursive: true });
    for (const file of names) await Deno.writeTextFile(join(downloadsDir(name), file), "");
  }
  const found = await storedDownloads(["linux", "unpinned"], pins);
  const short = (what: string) => what.replace("a".repeat(16), "A").replace("b".repeat(16), "B");
  assertEquals(
    Object.fromEntries(found.map(({ what, why }) => [short(what), why])),
    {
      "gone/A.raw": "there is no such platform",
      "linux/A.qcow2": undefined,
      "linux/A.qcow2.part": undefined,
      "linux/A.qcow2.quarantined": "it was refused for its checksum",
      "linux/A.qcow2.unpacking": "its task was killed",
      "linux/B.qcow2": "another file is pinned now",
      "unpinned/A.raw.part": undefined,
    },
  );
});
