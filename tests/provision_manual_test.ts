// What provision-manual refuses, through `deno task`. Starts no guest.
import { join } from "@std/path";
import { makeSandbox } from "./support/harness.ts";
import { assertFailure } from "./support/outcome.ts";

Deno.test("provision-manual is for systems that boot from their own disk, on a terminal", async () => {
  await using box = await makeSandbox();
  const env = { GUESTHOUSE_IMAGES: join(box.dir, "images/dist") };
  assertFailure(await box.task("provision-manual", ["debian-amd64"], { env }), {
    exit: 2,
    says: [
      'Cannot set up "debian-amd64" by hand: its image is made from packages\n',
      "task setup-images debian-amd64\n",
    ],
  });
  assertFailure(await box.task("provision-manual", ["netbsd-amd64"], { env }), {
    exit: 2,
    says: [
      'Cannot set up "netbsd-amd64" by hand: there is no terminal\n',
      "task setup-images netbsd-amd64\n",
    ],
  });
  await box.assertClean();
});
