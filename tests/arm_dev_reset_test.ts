// How arm-dev-reset asks, in a terminal. Starts no guest.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { makeSandbox } from "./support/harness.ts";
import { assertFailure } from "./support/outcome.ts";

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

Deno.test("arm-dev-reset destroys the guest only if its name is typed", async () => {
  await using box = await makeSandbox();
  const guestDir = join(box.dir, "state/dev/armdev");
  const disk = join(guestDir, "disk.qcow2");
  await Deno.mkdir(guestDir, { recursive: true });
  await Deno.writeTextFile(disk, "a disk");
  assertFailure(await box.task("arm-dev-reset"), {
    exit: 2,
    says: [
      "confirmation is needed, and there is no terminal",
      `${disk} (`,
      "next: deno task arm-dev-reset --yes",
    ],
  });
  // Another name, Ctrl-C, the end of the input, and then the name.
  for (
    const [typed, code] of [["armdve\r", 2], ["\x03", 130], ["\x04", 2], ["armdev\r", 0]] as const
  ) {
    assert(await exists(disk), typed);
    const reset = box.start("arm-dev-reset", [], { terminal: true, timeoutMs: 30_000 });
    await reset.waitFor(/Type its name to continue: /);
    await reset.type(typed);
    assertEquals((await reset.outcome).code, code, reset.output());
  }
  assertEquals(await exists(guestDir), false);
});

Deno.test("arm-dev-reset --yes destroys without a question; --dry-run shows what it would destroy", async () => {
  await using box = await makeSandbox();
  const guestDir = join(box.dir, "state/dev/armdev");
  await Deno.mkdir(guestDir, { recursive: true });
  await Deno.writeTextFile(join(guestDir, "disk.qcow2"), "a disk");
  const dry = await box.task("arm-dev-reset", ["--dry-run"]);
  assertEquals([dry.code, dry.stdout.startsWith(join(guestDir, "disk.qcow2"))], [0, true]);
  assert(await exists(guestDir));
  assertEquals((await box.task("arm-dev-reset", ["--yes"])).code, 0);
  assertEquals(await exists(guestDir), false);
});
