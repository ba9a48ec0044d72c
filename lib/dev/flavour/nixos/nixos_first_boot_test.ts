import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { GuestError } from "../../../base/errors.ts";
import { applySeed, bootBlind, recordLock } from "./nixos_first_boot.ts";
import { type Answer, fakeConsole } from "../../../guest/serial_testing.ts";
import { seedCommand } from "./seed_disk.ts";

/** A console on which a guest answers; what {@link applySeed} is told of it. */
async function fakeGuest(greeting: string, answer: Answer) {
  const fake = await fakeConsole(greeting, answer);
  const steps: string[] = [];
  return {
    ...{ ...fake, steps },
    options: {
      ...{ ...fake.options, name: "armdev", bootMs: 5000, buildMs: 5000 },
      onStep: (step: string) => steps.push(step),
      log: () => {},
    },
  };
}

const PROMPT = "\x1b[1;32m[\x1b]0;nixos@nixos: ~\x07nixos@nixos:~]$\x1b[0m ";
const GREETING = `nixos login: nixos (automatic login)\r\n\r\n${PROMPT}`;
const LOCK = '{"nodes":{}}';

Deno.test("applySeed() has the guest apply the seed, and turns it off", async () => {
  await using fake = await fakeGuest(GREETING, (line, end) => {
    if (line === "sudo poweroff") end();
    if (!line.includes("/run/seed/apply")) return "";
    return "guesthouse-first-boot: STEP build the system\r\nbuilding...\r\n" +
      `guesthouse-first-boot: LOCK ${btoa(LOCK)}\r\nguesthouse-first-boot: DONE\r\n${PROMPT}`;
  });
  assertEquals(await applySeed(fake.options), LOCK);
  assertEquals(fake.typed, [`sudo sh -c '${seedCommand()}'`, "sudo poweroff"]);
  assertEquals(fake.steps, ["build the system"]);
});

Deno.test("bootBlind() turns a guest off that needs nothing else", async () => {
  await using fake = await fakeGuest(GREETING, (_, end) => (end(), ""));
  await bootBlind(fake.options);
  assertEquals(fake.typed, ["sudo poweroff"]);
});

Deno.test("applySeed() reports a failed build with Nix's last lines", async () => {
  await using fake = await fakeGuest(GREETING, () =>
    "error: undefined variable 'tru'\r\n" +
    "guesthouse-first-boot: FAILED build the system (status 1)\r\n");
  const error = await assertRejects(() => applySeed(fake.options), GuestError);
  assertStringIncludes(error.message, "build the system (status 1)");
  assertStringIncludes(error.details.join("\n"), "undefined variable 'tru'");
  assertStringIncludes(error.next ?? "", "console.log");
});

Deno.test("applySeed() shows what it finds instead of a shell", async () => {
  await using uboot = await fakeGuest("Hit any key\r\n=> ", () => "");
  await assertRejects(() => applySeed(uboot.options), GuestError, "u-boot found no system");
  assertEquals(uboot.typed, []);
  await using silent = await fakeGuest("U-Boot 2023.01\r\n", () => "");
  const late = { ...silent.options, bootMs: 300 };
  await assertRejects(() => applySeed(late), GuestError, "within 0.3 s");
  await using gone = await fakeGuest("Starting kernel ...\r\n", () => "");
  gone.end();
  await assertRejects(() => applySeed(gone.options), GuestError, "QEMU has ended");
  await using panic = await fakeGuest(
    "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n",
    () => "",
  );
  await assertRejects(() => applySeed(panic.options), GuestError, 'in guest "armdev"');
});

Deno.test("recordLock() keeps an existing pin, and refuses an incomplete one", async () => {
  const dir = await Deno.makeTempDir();
  try {
    assertEquals(await recordLock(undefined, dir), false);
    assertEquals(await recordLock('{"nodes":', dir), false);
    // As a crash of the host may leave it.
    await Deno.writeTextFile(join(dir, "flake.lock"), "");
    assertEquals(await recordLock(LOCK, dir), true);
    assertEquals(await recordLock('{"nodes":{"other":1}}', dir), false);
    assertEquals(await Deno.readTextFile(join(dir, "flake.lock")), LOCK);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
