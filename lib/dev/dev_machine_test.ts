import { assert, assertEquals } from "@std/assert";
import { guestArgs } from "../vm/machine.ts";
import { type DevMachine, devMachine } from "./dev_machine.ts";
import { CONFIG } from "./dev_testing.ts";

const machine: DevMachine = {
  config: CONFIG,
  host: { machine: "virt-7.2", accelerator: "tcg" },
  boot: {},
  sshPort: 5022,
  reboots: true,
};

const devArgs = (options: DevMachine) =>
  guestArgs(devMachine(options), { disk: "/guest/disk.qcow2", socketDir: "/s" }, {
    boot: ["-kernel", "/guest/vmlinuz"],
  });

/** The word after each occurrence of an option. */
const valuesOf = (args: readonly string[], option: string) =>
  args.flatMap((word, index) => word === option ? [args[index + 1]] : []);

Deno.test("devMachine() keeps the guest's writes: no unsafe cache, no snapshot", () => {
  const args = devArgs(machine);
  const [drive = ""] = valuesOf(args, "-drive");
  assert(drive.includes("file.filename=/guest/disk.qcow2") && !drive.includes("cache=unsafe"));
});

Deno.test("devMachine() forwards from 127.0.0.1 alone", () => {
  const [netdev = ""] = valuesOf(devArgs(machine), "-netdev");
  assert(netdev.endsWith(",hostfwd=tcp:127.0.0.1:5022-:22"), netdev);
});

Deno.test("devMachine() lets the guest reboot, unless it is being created", () => {
  assertEquals(valuesOf(devArgs(machine), "-action"), ["reboot=reset"]);
  assertEquals(valuesOf(devArgs({ ...machine, reboots: false }), "-action"), []);
});

Deno.test("devMachine() shares the guest's memory where the share needs it", () => {
  const share = { sharedMemory: true, qemuArgs: () => ["-device", "vhost-user-fs-pci"] };
  const args = devArgs({ ...machine, share });
  assertEquals(valuesOf(args, "-machine"), ["virt-7.2,memory-backend=mem0"]);
  assertEquals(valuesOf(args, "-object")[0], "memory-backend-memfd,id=mem0,size=4096M,share=on");
  assertEquals(valuesOf(args, "-device").includes("vhost-user-fs-pci"), true);
});

Deno.test("devMachine() has a screen, a keyboard and a pointer with a display alone", () => {
  assertEquals(valuesOf(devArgs(machine), "-display"), []);
  const args = devArgs({ ...machine, display: "gtk" });
  assertEquals(valuesOf(args, "-display"), ["gtk"]);
  assertEquals(valuesOf(args, "-device").slice(-4), [
    "virtio-gpu-pci",
    "qemu-xhci",
    "usb-kbd",
    "usb-tablet",
  ]);
});
