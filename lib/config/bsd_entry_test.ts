import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../base/errors.ts";
import { definePlatform, type PlatformInput } from "./platform.ts";

const PLACE = "https://download.example/disks";

const input = {
  name: "netbsd-test",
  os: "netbsd",
  arch: "aarch64",
  diskImage: "netbsd-test/disk.qcow2",
  machine: "virt",
  image: {
    kind: "netbsd",
    source: {
      url: `${PLACE}/arm64.img.gz`,
      format: "raw",
      checksums: { url: `${PLACE}/SHA512`, algorithm: "sha512" },
    },
    firmware: "uefi",
    packages: ["cmake"],
    diskGiB: 8,
  },
} satisfies PlatformInput;

Deno.test("a BSD's platform counts CPUs as its system does", () => {
  assertEquals(definePlatform(input).nprocCommand, ["sysctl", "-n", "hw.ncpu"]);
});

Deno.test("a BSD's image names its faults by field", () => {
  const wrong = {
    ...input,
    os: "linux",
    image: { ...input.image, firmware: "uboot", provision: "provision/mine.sh" },
  } as unknown as PlatformInput;
  assertEquals(assertThrows(() => definePlatform(wrong), UsageError).details, [
    'image.firmware: found "uboot", wanted "uefi" or "bios"',
    "image.provision: unknown field, known are kind, source, firmware, packages, diskGiB",
    'os: found "linux", wanted "netbsd", as image.kind is "netbsd"',
  ]);
});
