import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import * as fc from "fast-check";
import * as args from "./args.ts";
import * as netArgs from "./net_args.ts";
import { startPausedQemu } from "./qemu_testing.ts";

const cases: { readonly title: string; readonly got: string[]; readonly want: string[] }[] = [
  {
    title: "machineArgs() gives TCG a thread for each virtual CPU",
    got: args.machineArgs({ machine: "q35", accelerator: "tcg" }),
    want: ["-machine", "q35", "-accel", "tcg,thread=multi"],
  },
  {
    title: "machineArgs() sizes the cache of translated code",
    got: args.machineArgs({ machine: "virt", accelerator: "tcg", tcgCacheMiB: 256 }),
    want: ["-machine", "virt", "-accel", "tcg,thread=multi,tb-size=256"],
  },
  {
    title: "machineArgs() passes machine options through",
    got: args.machineArgs({ machine: "virt,gic-version=3", accelerator: "hvf", tcgCacheMiB: 1 }),
    want: ["-machine", "virt,gic-version=3", "-accel", "hvf"],
  },
  {
    title: "cpuArgs() names model and number",
    got: args.cpuArgs({ cpu: "max,pauth-impdef=on", cores: 2 }),
    want: ["-cpu", "max,pauth-impdef=on", "-smp", "cpus=2"],
  },
  {
    title: "memoryArgs() carries its unit",
    got: args.memoryArgs(1024),
    want: ["-m", "size=1024M"],
  },
  {
    title: "kernelArgs() joins the command line and leaves commas alone",
    got: args.kernelArgs({ kernel: "/a,b/vmlinuz", initramfs: "/i", append: ["quiet", "a=b,c"] }),
    want: ["-kernel", "/a,b/vmlinuz", "-initrd", "/i", "-append", "quiet a=b,c"],
  },
  {
    title: "kernelArgs() needs only a kernel",
    got: args.kernelArgs({ kernel: "/k" }),
    want: ["-kernel", "/k"],
  },
  {
    title: "diskArgs() doubles commas and never flushes a throw-away overlay",
    got: args.diskArgs({ path: "/a,b/d.qcow2", format: "qcow2", throwAway: true }),
    want: [
      "-drive",
      "if=none,id=disk0,format=qcow2,file.driver=file,file.filename=/a,,b/d.qcow2," +
      "cache=unsafe,discard=unmap,detect-zeroes=unmap",
      "-device",
      "virtio-blk-pci,drive=disk0,id=disk0-device,serial=disk0",
    ],
  },
  {
    title: "diskArgs() says in which order firmware tries disks",
    got: args.diskArgs({ path: "/d.qcow2", format: "qcow2", bootIndex: 1 }).slice(-1),
    want: ["virtio-blk-pci,drive=disk0,id=disk0-device,serial=disk0,bootindex=1"],
  },
  {
    title: "diskArgs() makes a read-only disk of microvm",
    got: args.diskArgs({
      path: "/seed.img",
      format: "raw",
      id: "seed",
      transport: "mmio",
      readOnly: true,
    }),
    want: [
      "-drive",
      "if=none,id=seed,format=raw,file.driver=file,file.filename=/seed.img,readonly=on",
      "-device",
      "virtio-blk-device,drive=seed,id=seed-device,serial=seed",
    ],
  },
  {
    title: "netArgs() forwards from 127.0.0.1 and lets the host choose the port",
    got: netArgs.netArgs({ hostPort: 0 }),
    want: [
      "-netdev",
      "user,id=net0,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22",
      "-device",
      "virtio-net-pci,netdev=net0,romfile=",
    ],
  },
  {
    title: "netArgs() restricts a guest of microvm",
    got: netArgs.netArgs({ hostPort: 5022, guestPort: 2222, restrict: true, transport: "mmio" }),
    want: [
      "-netdev",
      "user,id=net0,ipv6=off,restrict=on,hostfwd=tcp:127.0.0.1:5022-:2222",
      "-device",
      "virtio-net-device,netdev=net0",
    ],
  },
  {
    title: "consoleArgs() sends the first serial port to a file",
    got: args.consoleArgs("/logs/a,b.log"),
    want: ["-chardev", "file,id=console0,path=/logs/a,,b.log", "-serial", "chardev:console0"],
  },
  {
    title: "qmpArgs() listens without waiting",
    got: args.qmpArgs("/run/a,b"),
    want: [
      "-chardev",
      "socket,id=qmp0,path=/run/a,,b,server=on,wait=off",
      "-mon",
      "chardev=qmp0,mode=control",
    ],
  },
  {
    title: "qmpCallArgs() connects to the listener",
    got: args.qmpCallArgs("/run/a,b"),
    want: [
      ...["-chardev", "socket,id=call0,path=/run/a,,b,server=off"],
      ...["-mon", "chardev=call0,mode=control"],
    ],
  },
  {
    title: "rngArgs() brings entropy",
    got: args.rngArgs(),
    want: ["-object", "rng-builtin,id=rng0", "-device", "virtio-rng-pci,rng=rng0"],
  },
  {
    title: "quietArgs() leave out what nobody asked for",
    got: args.quietArgs(),
    want: ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
  },
  { title: "nameArgs() doubles commas", got: args.nameArgs("a,b"), want: ["-name", "guest=a,,b"] },
  {
    title: "pidfileArgs() leave commas alone",
    got: args.pidfileArgs("/a,b"),
    want: ["-pidfile", "/a,b"],
  },
  {
    title: "sandboxArgs() deny what QEMU does not need",
    got: args.sandboxArgs({ os: "linux" }),
    want: [
      "-sandbox",
      "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    ],
  },
  {
    title: "sandboxArgs() are empty on macOS, where QEMU has no seccomp",
    got: args.sandboxArgs({ os: "darwin" }),
    want: [],
  },
];

for (const { title, got, want } of cases) Deno.test(title, () => assertEquals(got, want));

Deno.test("argument builders refuse numbers that QEMU would misread", () => {
  const wrong: [() => unknown, string][] = [
    [() => args.memoryArgs(0), "memoryMiB is 0, which is not a whole number above 0"],
    [() => args.memoryArgs(1.5), "memoryMiB is 1.5"],
    [() => args.cpuArgs({ cpu: "max", cores: NaN }), "cores is NaN"],
    [() => netArgs.netArgs({ hostPort: 65536 }), "hostPort is 65536, which is not a port number"],
    [() => netArgs.netArgs({ hostPort: 0, guestPort: 0 }), "guestPort is 0"],
    [
      () => args.diskArgs({ path: "nbd:localhost", format: "raw" }),
      '"nbd:localhost" is not an absolute path',
    ],
  ];
  for (const [build, text] of wrong) assertThrows(build, RangeError, text);
});

Deno.test("optionValue() doubles every comma and changes nothing else", () => {
  fc.assert(fc.property(fc.string(), (value) => {
    const escaped = args.optionValue(value);
    assertEquals(escaped.split(",,").join(","), value);
    assertEquals(escaped.replaceAll(",,", "").includes(","), false);
  }));
});

for (
  const { machine, transport } of [
    { machine: "q35", transport: "pci" },
    { machine: "microvm", transport: "mmio" },
  ] as const
) {
  Deno.test(`argument builders: QEMU takes all of them on ${machine}, with odd paths`, async () => {
    const dir = await Deno.makeTempDir({ prefix: "gh-args-" });
    try {
      const path = join(dir, "a:b,,c 'd' = \"e\" \n.img");
      await Deno.writeFile(path, new Uint8Array(1 << 20));
      const console = join(dir, "console,1.log");
      await using qemu = await startPausedQemu([
        ...args.quietArgs(),
        ...args.messageArgs(),
        ...args.sandboxArgs(),
        ...args.nameArgs("x,y"),
        ...args.machineArgs({ machine, accelerator: "tcg", tcgCacheMiB: 64 }),
        ...args.cpuArgs({ cpu: "max", cores: 2 }),
        ...args.memoryArgs(64),
        ...args.diskArgs({ path, format: "raw", transport, throwAway: true }),
        ...netArgs.netArgs({ hostPort: 0, restrict: true, transport }),
        ...args.consoleArgs(console),
        ...args.rngArgs(transport),
      ]);
      const [block] = await qemu.qmp.execute("query-block");
      assertEquals([block?.device, block?.inserted?.file], ["disk0", path]);
      assertEquals((await qemu.qmp.execute("query-name")).name, "x,y");
      assertEquals((await qemu.qmp.execute("query-cpus-fast")).length, 2);
      assertEquals((await Deno.stat(console)).size, 0);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}
