import { assert, assertEquals } from "@std/assert";
import { testPlatform } from "../image/platform/image_testing.ts";
import { buildDevices, guestSize, kernelCommandLine, sshPort } from "./build_machine.ts";
import { guestArgs } from "./machine.ts";

const platform = { ...testPlatform(), memoryMiB: 2048, cores: 2, append: "quiet" };

Deno.test("guestSize() goes by the command line, then the project, then the platform", () => {
  const project = { memoryMiB: 3072, cores: 3 };
  const flags = { memory: 512, cores: 1 };
  assertEquals(guestSize(platform, undefined, {}), {
    ...{ memoryMiB: 2048, cores: 2, ofProject: false },
  });
  assertEquals(guestSize(platform, project, {}), { memoryMiB: 3072, cores: 3, ofProject: true });
  assertEquals(guestSize(platform, project, flags), {
    ...{ memoryMiB: 512, cores: 1, ofProject: false },
  });
  assertEquals(guestSize(platform, project, { cores: 4 }), {
    ...{ memoryMiB: 3072, cores: 4, ofProject: true },
  });
});

Deno.test("sshPort() chooses a free port unless the user or the platform names one", () => {
  const fixed = { ...platform, ssh: { ...platform.ssh, port: 2222 } };
  assertEquals(sshPort(platform, undefined), 0);
  assertEquals(sshPort(fixed, undefined), 2222);
  assertEquals(sshPort(fixed, 0), 0);
});

Deno.test("kernelCommandLine() has the platform's words first", () => {
  assertEquals(kernelCommandLine(platform, ["debug"]), ["quiet", "debug"]);
});

const place = { disk: "/overlay", socketDir: "/" };
const host = { machine: "pc-q35-7.2", accelerator: "tcg" } as const;
const machine = {
  ...{
    host,
    cpu: "max",
    memoryMiB: 512,
    cores: 1,
    devices: buildDevices({ transport: "pci", sshPort: 0 }),
  },
};

Deno.test("guestArgs() backs the memory by a file only if one is named", () => {
  const text = (mode?: "write" | "private") => {
    const memoryFile = mode === undefined ? undefined : { path: "/mem", mode };
    return guestArgs(machine, place, { boot: ["-incoming", "defer"], memoryFile }).join(" ");
  };
  assert(!text().includes("memory-backend"));
  assert(text("write").includes("mem-path=/mem,share=on"));
  assert(text("private").includes("mem-path=/mem,share=off"));
  assert(text().includes("-incoming defer") && text().includes("-sandbox"));
});

const argsOf = (options: Partial<Parameters<typeof buildDevices>[0]> = {}) =>
  buildDevices({ transport: "pci", sshPort: 0, ...options })(place);

Deno.test("buildDevices() gives a guest with a build cache the devices of one without", () => {
  const devices = (cacheDisk?: string) =>
    argsOf({ cacheDisk }).filter((_, at, all) => all[at - 1] === "-device");
  assertEquals(devices("/cache"), devices());
});

Deno.test("buildDevices() closes the network unless it is to be open", () => {
  const net = (openNetwork?: boolean) => argsOf({ openNetwork }).join(" ");
  assert(net().includes("restrict=on") && net(false).includes("restrict=on"));
  assert(!net(true).includes("restrict=on"));
});
