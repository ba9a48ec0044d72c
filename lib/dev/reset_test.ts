import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UsageError } from "../base/errors.ts";
import { exists } from "../base/files/directories.ts";
import { writeDevGuest } from "./guest_file.ts";
import { initDev, refuseExisting } from "./init.ts";
import { devDir, devFile } from "./state/dev_paths.ts";
import { resetDev } from "./reset.ts";
import { startSleep } from "../base/process/process_testing.ts";
import { CONFIG, devSandbox, recordOf } from "./dev_testing.ts";

const { name } = CONFIG;
const signal = new AbortController().signal;

async function makeGuest(): Promise<void> {
  await Deno.mkdir(devDir(name), { recursive: true });
  await Deno.writeFile(devFile(name, "disk"), new Uint8Array(100_000).fill(1));
  await writeDevGuest(devDir(name), { name, flavour: "debian", created: "2026-01-01T00:00:00Z" });
}

const base = { name, signal, onNote: () => {}, dryRun: false };

Deno.test("resetDev() destroys the guest's directory, once confirmed, and nothing else", async () => {
  await using box = await devSandbox();
  await makeGuest();
  const project = join(box.path, "project");
  await Deno.mkdir(project);
  await Deno.symlink(project, join(devDir(name), "link"));
  await Deno.writeTextFile(join(project, "main.rs"), "fn main() {}");
  const told: string[] = [];
  const confirm = (files: readonly { readonly path: string }[]) => {
    told.push(...files.map(({ path }) => path));
    return Promise.resolve();
  };
  const destroyed = await resetDev({ ...base, confirm });
  assertEquals(told[0], devFile(name, "disk"));
  assertEquals(destroyed.length, 3);
  assertEquals(await exists(devDir(name)), false);
  assertEquals(await Deno.readTextFile(join(project, "main.rs")), "fn main() {}");
});

Deno.test("resetDev() destroys nothing without consent, in a dry run, or while the guest runs", async () => {
  await using _box = await devSandbox();
  await makeGuest();
  const refuse = () => Promise.reject(new UsageError("no"));
  await assertRejects(() => resetDev({ ...base, confirm: refuse }), UsageError, "no");
  assertEquals((await resetDev({ ...base, confirm: refuse, dryRun: true })).length, 2);
  await using qemu = startSleep();
  await recordOf(qemu.pid);
  const agree = () => Promise.resolve();
  const error = await assertRejects(() => resetDev({ ...base, confirm: agree }), UsageError);
  assertEquals(error.message, `Cannot destroy guest "${name}": it is running`);
  assertEquals(error.next, "deno task arm-dev-shutdown");
  assertEquals(await exists(devFile(name, "disk")), true);
});

Deno.test("resetDev() does not ask if there is no guest", async () => {
  await using _box = await devSandbox();
  const confirm = () => Promise.reject(new Error("asked"));
  assertEquals(await resetDev({ ...base, confirm }), []);
});

Deno.test("refuseExisting() lists what --force destroys, with sizes", async () => {
  await using _box = await devSandbox();
  assertEquals(await refuseExisting(name, false), []);
  await makeGuest();
  const error = await assertRejects(() => refuseExisting(name, false), UsageError);
  assertEquals(error.message, `Cannot make guest "${name}": there is one already`);
  assertEquals(error.details[1], `${devFile(name, "disk")} (100.0 KiB)`);
  assertEquals((await refuseExisting(name, true)).length, 2);
});

Deno.test("initDev() resumes after a kill while it moved a finished guest into place", async () => {
  await using _box = await devSandbox();
  const staging = join(devDir(name), "staging");
  await Deno.mkdir(staging, { recursive: true });
  const { diskGiB, user } = CONFIG;
  await Deno.writeTextFile(
    join(staging, "init.json"),
    `${JSON.stringify({ flavour: "debian", diskGiB, user })}\n`,
  );
  // The disk has its place already, the kernel not yet.
  await Deno.writeTextFile(devFile(name, "disk"), "disk");
  await Deno.writeTextFile(join(staging, "vmlinuz"), "kernel");
  await writeDevGuest(staging, { name, flavour: "debian", created: "2026-01-01T00:00:00Z" });
  const logs = { build: "", console: "", qemu: "", write() {}, async [Symbol.asyncDispose]() {} };
  await initDev({
    ...{ config: CONFIG, flavour: "debian", force: false, fresh: false, logs, signal },
    ...{ accelerator: "tcg", onStep: () => {}, log: () => {}, onNote: () => {} },
  });
  assertEquals(await Deno.readTextFile(devFile(name, "kernel")), "kernel");
  assertEquals(await Deno.readTextFile(devFile(name, "disk")), "disk");
  assertEquals(await exists(devFile(name, "guest")), true);
  assertEquals(await exists(staging), false);
  for (const file of ["disk", "kernel", "guest"] as const) {
    assertEquals((await Deno.stat(devFile(name, file))).mode! & 0o077, 0, file);
  }
});
