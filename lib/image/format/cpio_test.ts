import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { $ } from "../../base/process/dollar.ts";
import { run } from "../../base/process/run.ts";
import { haveProgram, sandbox } from "../../base/host_testing.ts";
import { charDevice, directory, file, MODE, packCpio } from "./cpio.ts";
import { readCpio } from "./cpio_testing.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const SAMPLE = [
  directory("bin"),
  directory("root", 0o700),
  file("bin/tool", "#!/bin/sh\necho tool\n", 0o755),
  file("notes with spaces", new Uint8Array([0, 1, 2, 255])),
  file("empty", ""),
  { ...file("bin/sh", "tool"), mode: MODE.link | 0o777 },
  charDevice("console", 5, 1),
  charDevice("null", 1, 3, 0o666),
];

Deno.test("packCpio() writes types, modes, contents, targets and devices", () => {
  const members = readCpio(packCpio(SAMPLE));
  assertEquals(members.map(({ name, mode }) => [name, mode]), [
    ["bin", 0o040755],
    ["root", 0o040700],
    ["bin/tool", 0o100755],
    ["notes with spaces", 0o100644],
    ["empty", 0o100644],
    ["bin/sh", 0o120777],
    ["console", 0o020600],
    ["null", 0o020666],
  ]);
  assertEquals(text(members[2]!.data), "#!/bin/sh\necho tool\n");
  assertEquals([...members[3]!.data], [0, 1, 2, 255]);
  assertEquals(text(members[5]!.data), "tool");
  assertEquals(members.slice(6).map(({ device }) => device), [[5, 1], [1, 3]]);
});

Deno.test("packCpio() gives everything to root, at time zero, with an inode of its own", () => {
  const members = readCpio(packCpio(SAMPLE));
  assertEquals(members.map(({ inode }) => inode), [1, 2, 3, 4, 5, 6, 7, 8]);
  for (const { uid, gid, mtime, mode, links } of members) {
    assertEquals([uid, gid, mtime], [0, 0, 0]);
    // More than one link would make the kernel look for the others.
    assertEquals(links, (mode & 0o170000) === MODE.directory ? 2 : 1);
  }
});

Deno.test("packCpio() gives equal bytes for equal entries", () => {
  assertEquals(packCpio(SAMPLE), packCpio(structuredClone(SAMPLE)));
});

Deno.test("packCpio() fills whole blocks, so that archives can follow each other", () => {
  const [first, second] = [packCpio([file("a", "1"), file("b", "2")]), packCpio([file("a", "3")])];
  assertEquals([first.length % 512, second.length % 512], [0, 0]);
  const both = new Uint8Array([...first, ...second]);
  assertEquals(readCpio(both).map(({ name, data }) => name + text(data)), ["a1", "b2", "a3"]);
});

Deno.test("packCpio() packs any names and contents so that they come back", () => {
  const name = fc.string({ minLength: 1, unit: "binary" }).filter((name) =>
    !name.includes("\0") && name !== "TRAILER!!!" && name.isWellFormed()
  );
  const entries = fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 600 })), { maxLength: 8 });
  fc.assert(
    fc.property(entries, (entries) => {
      const archive = packCpio(entries.map(([name, data]) => file(name, data)));
      assertEquals(readCpio(archive).map(({ name, data }) => [name, [...data]]), [
        ...entries.map(([name, data]) => [name, [...data]]),
      ]);
    }),
    { numRuns: 40 },
  );
});

/** Programs that unpack such archives, and how. */
const unpackers: Record<string, string[]> = {
  cpio: ["cpio", "-idm", "--quiet", "--no-absolute-filenames"],
  busybox: ["busybox", "cpio", "-idm"],
  bsdcpio: ["bsdcpio", "-idm", "--quiet"],
};
for (const [program, command] of Object.entries(unpackers)) {
  Deno.test({
    name: `packCpio() writes archives that the real ${program} unpacks`,
    ignore: !haveProgram(program),
    async fn() {
      await using box = await sandbox();
      // Without root no device can be made.
      const isRoot = Deno.uid() === 0;
      const entries = SAMPLE.filter(({ device }) => isRoot || device === undefined);
      const { code, stderr } = await run(command, { cwd: box.path, stdin: packCpio(entries) });
      assertEquals(code, 0, stderr);
      const at = (name: string) => join(box.path, name);
      for (const { path, mode, device } of entries) {
        const info = await Deno.lstat(at(path));
        if ((mode & 0o170000) !== MODE.link) assertEquals(info.mode, mode, path);
        if (device === undefined) continue;
        // Linux: the minor's low byte, then the major.
        assertEquals(info.rdev, device.major << 8 | device.minor);
      }
      assertEquals(await $`${at("bin/tool")}`.text(), "tool");
      assertEquals(await Deno.readLink(at("bin/sh")), "tool");
      assertEquals([...await Deno.readFile(at("notes with spaces"))], [0, 1, 2, 255]);
      assert((await Deno.stat(at("empty"))).size === 0);
    },
  });
}
