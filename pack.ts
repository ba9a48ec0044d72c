import { charDevice, directory, file, packCpio } from "/work/main/lib/image/cpio.ts";
Deno.writeFileSync(
  "/tmp/k/ir.cpio",
  packCpio([
    ...["dev", "proc", "sys"].map((p) => directory(p)),
    charDevice("dev/console", 5, 1),
    file("init", Deno.readFileSync("/tmp/k/ir/init"), 0o755),
  ]),
);
