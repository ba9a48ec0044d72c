import { assert, assertEquals } from "@std/assert";
import { testPlatform } from "../image/platform/image_testing.ts";
import { deviceArgs, guestArgs, guestSize, kernelCommandLine, sshPort } from "./build_machine.ts";

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

Deno.test("sshPort() takes a free port unless the user or the platform names one", () => {
  const fixed = { ...platform, ssh: { ...platform.ssh, port: 2222 } };
  assertEquals(sshPort(platform, undefined), 0);
  assertEquals(sshPort(fixed, undefined), 2222);
  assertEquals(sshPort(fixed, 0), 0);
});

Deno.test("kernelCommandLine() has the platform's words first", () => {
  assertEquals(kernelCommandLine(platform, ["debug"]), ["quiet", "debug"]);
});

const machine = {
  ...{ platform, machine: "pc-q35-7.2", accelerator: "tcg" as const, memoryMiB: 512, cores: 1 },
  ...{ disk: "/overlay", sshPort: 0, portSocket: "/port" },
};
const BOOT = { kind: "boot", kernel: "/vmlinuz", initramfs: "/initrd", append: ["x"] } as const;

Deno.test("guestArgs() boots a kernel, or waits for a state, never both", () => {
  const booting = guestArgs({ ...machine, beginning: BOOT });
  assert(booting.includes("-kernel") && !booting.includes("-incoming"));
  assertEquals(booting[booting.indexOf("-append") + 1], "quiet x");
  const waiting = guestArgs({ ...machine, beginning: { kind: "incoming" } });
  assert(waiting.includes("-incoming") && !waiting.includes("-kernel"));
  assert(booting.includes("-sandbox") && waiting.includes("-sandbox"));
});

Deno.test("guestArgs() has the memory in the file that is named, and in none otherwise", () => {
  const text = (mode?: "write" | "private") =>
    guestArgs({
      ...{ ...machine, beginning: { kind: "incoming" } },
      ...(mode === undefined ? {} : { memoryFile: { path: "/mem", mode } }),
    }).join(" ");
  assert(!text().includes("memory-backend"));
  assert(text("write").includes("mem-path=/mem,share=on"));
  assert(text("private").includes("mem-path=/mem,share=off"));
});

Deno.test("deviceArgs() gives a guest with a build cache the devices of one without", () => {
  const devices = (cacheDisk?: string) =>
    deviceArgs({ ...machine, ...(cacheDisk === undefined ? {} : { cacheDisk }) })
      .filter((_, at, all) => all[at - 1] === "-device");
  assertEquals(devices("/cache"), devices());
});

Deno.test("deviceArgs() closes the network unless it is to be open", () => {
  const net = (openNetwork?: boolean) =>
    deviceArgs({ ...machine, ...(openNetwork === undefined ? {} : { openNetwork }) }).join(" ");
  assert(net().includes("restrict=on") && net(false).includes("restrict=on"));
  assert(!net(true).includes("restrict=on"));
});
