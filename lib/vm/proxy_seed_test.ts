import { assertEquals } from "@std/assert";
import { readCpio } from "../image/format/cpio_testing.ts";
import { packProxySeed } from "./proxy_seed.ts";

Deno.test("packProxySeed() writes a file that sudo takes: root's, and not writable by others", () => {
  const [file] = readCpio(packProxySeed()).filter(({ name }) => name.includes("sudoers.d/"));
  assertEquals(file?.name, "seed/etc/sudoers.d/guesthouse-proxy");
  assertEquals([file!.mode & 0o777, file!.uid, file!.gid], [0o440, 0, 0]);
});
