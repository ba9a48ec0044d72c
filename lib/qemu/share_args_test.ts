import { assertEquals, assertThrows } from "@std/assert";
import { p9Args, sharedMemoryArgs, virtiofsArgs } from "./share_args.ts";

Deno.test("p9Args() shares a directory of any name", () => {
  assertEquals(p9Args({ dir: "/home/me/my, project", security: "none" }), [
    "-fsdev",
    "local,id=share0,path=/home/me/my,, project,security_model=none,multidevs=remap",
    "-device",
    "virtio-9p-pci,fsdev=share0,mount_tag=share",
  ]);
});

Deno.test("p9Args() has QEMU itself refuse to write a read-only share", () => {
  const [, fsdev = ""] = p9Args({ dir: "/p", security: "mapped-xattr", readOnly: true });
  assertEquals(fsdev.split(",").slice(3), [
    "security_model=mapped-xattr",
    "multidevs=remap",
    "readonly=on",
  ]);
});

Deno.test("p9Args() and virtiofsArgs() refuse a path that depends on where QEMU starts", () => {
  assertThrows(
    () => p9Args({ dir: "project", security: "none" }),
    RangeError,
    '"project" is not an absolute path',
  );
  assertThrows(() => virtiofsArgs("s"), RangeError, '"s" is not an absolute path');
});

Deno.test("virtiofsArgs() connects to the daemon's socket", () => {
  assertEquals(virtiofsArgs("/run/a,b/virtiofs"), [
    ...["-chardev", "socket,id=share0,path=/run/a,,b/virtiofs"],
    ...["-device", "vhost-user-fs-pci,chardev=share0,tag=share,queue-size=1024"],
  ]);
});

Deno.test("sharedMemoryArgs() is memory that another process can map", () => {
  assertEquals(sharedMemoryArgs(2048), [
    "-object",
    "memory-backend-memfd,id=mem0,size=2048M,share=on",
  ]);
  assertThrows(() => sharedMemoryArgs(0.5), RangeError, "memoryMiB is 0.5");
});
