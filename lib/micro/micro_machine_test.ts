import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../base/errors.ts";
import {
  checkBoot,
  microDevices,
  microMachine,
  type MicroOptions,
  microWords,
} from "./micro_machine.ts";

const options: MicroOptions = {
  arch: "x86_64",
  kernelChoice: "micro",
  accelerator: "tcg",
  network: "none",
};

const devicesOf = (more: Partial<MicroOptions>) =>
  microDevices({ ...options, ...more })({ disk: "/d", socketDir: "/s" });

Deno.test("microDevices() are those that each kernel supports on its machine", () => {
  const machine = (more: Partial<MicroOptions>) => {
    const serial = devicesOf(more).find((arg) => arg.startsWith("virtio-serial-"))?.split(",")[0];
    return [microMachine({ ...options, ...more }), serial];
  };
  assertEquals(machine({}), ["microvm,acpi=off", "virtio-serial-device"]);
  assertEquals(machine({ kernelChoice: "distribution" }), ["q35", "virtio-serial-pci"]);
  assertEquals(machine({ arch: "aarch64" }), ["virt", "virtio-serial-device"]);
  assertEquals(machine({ arch: "aarch64", kernelChoice: "distribution" }), [
    "virt",
    "virtio-serial-device",
  ]);
});

Deno.test("microDevices() has no network unless it is asked for", () => {
  assert(!devicesOf({}).some((arg) => arg.includes("net0")));
  assert(microWords(options).includes("guesthouse.network=off"));
  const open = { network: "user" } as const;
  const args = devicesOf(open);
  assert(args.includes("virtio-net-device,netdev=net0"));
  assert(
    args.some((arg) => arg.startsWith("user,id=net0,net=192.168.127.0/24,host=192.168.127.1")),
  );
  assert(microWords({ ...options, ...open }).includes("guesthouse.dns=192.168.127.3"));
  const proxied = { network: "gvproxy" } as const;
  assert(devicesOf(proxied).some((arg) => arg.endsWith(",addr.type=unix,addr.path=/s/network")));
  const words = microWords({ ...options, ...proxied });
  assert(!words.some((word) => word.startsWith("guesthouse.")));
});

Deno.test("checkBoot() refuses what would make a guest panic", () => {
  checkBoot();
  checkBoot(["root=/dev/vda", "debug"]);
  for (const word of ["root=/dev/vdb", "guesthouse.root=/dev/vdb1"]) {
    const says = `with "${word}": the guest has one disk, /dev/vda`;
    const error = assertThrows(() => checkBoot(["debug", word]), UsageError, says);
    assertEquals(error.next, `leave "${word}" out of --append`);
  }
});
