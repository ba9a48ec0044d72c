import { delay } from "@std/async";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { HostError, WorkError } from "../base/errors.ts";
import { freeDiskBytes } from "../base/files/full_disk.ts";
import { claimRoom } from "./room.ts";

const action = "copy artifacts from x";

Deno.test("claimRoom() refuses more than the limit, or than the disk has room for", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const error = await assertRejects(
      () => claimRoom({ dir, bytes: 3 * 2 ** 30, action, limitBytes: 2 ** 30 }),
      WorkError,
      "Cannot copy artifacts from x: it is 3.0 GiB, and 1.0 GiB are allowed",
    );
    assertMatch(error.next ?? "", /"artifacts"/);
    const bytes = 2 * await freeDiskBytes(dir) + 2 ** 30;
    const full = await assertRejects(
      () => claimRoom({ dir, bytes, action, limitBytes: Infinity }),
      HostError,
      "Cannot copy artifacts from x: a disk of this host is full",
    );
    assertMatch(full.details[0] ?? "", /^it is .*, and .* were free$/);
    assertMatch(full.details[1] ?? "", /^file system /);
    using room = await claimRoom({ dir, bytes: 1, action, pollMs: 5 });
    await delay(20);
    assertEquals(room.full.aborted, false);
  } finally {
    await Deno.remove(dir);
  }
});
