// The dev guest of the Debian flavour that tests start with.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { makeSandbox, type Sandbox } from "./harness.ts";
import { copyTree, madeOnce } from "./made_once.ts";

/** Arguments of `arm-dev-init` that make it. */
export const INIT = ["--flavour", "debian", "--yes", "--disk", "10", "--memory", "1024"];
/** How long that may take, its image included. */
export const INIT_MS = 1_800_000;

const NAME = "dev-guest";
const guestDir = (box: Sandbox) => join(box.dir, "state/dev/armdev");

/** Puts a guest into the sandbox that is made and was never started. */
export async function placeDevGuest(box: Sandbox): Promise<void> {
  const made = await madeOnce(NAME, async (dir) => {
    await using other = await makeSandbox();
    const { code, stderr } = await other.task("arm-dev-init", INIT, { timeoutMs: INIT_MS });
    assertEquals(code, 0, stderr);
    await copyTree(guestDir(other), dir);
  });
  await copyTree(made, guestDir(box));
}

/** Leaves a copy of the sandbox's guest, which was never started, to tests that want one. */
export async function offerDevGuest(box: Sandbox): Promise<void> {
  await madeOnce(NAME, (dir) => copyTree(guestDir(box), dir));
}
