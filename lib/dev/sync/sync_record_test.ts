import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../base/errors.ts";
import { requireCopy } from "./sync_record.ts";

const share = { hostDir: "/p", guestDir: "/project", readOnly: false };

Deno.test("requireCopy() copies nothing if both sides have the same files", () => {
  const error = assertThrows(
    () => requireCopy({ name: "armdev", share: { ...share, mode: "9p" } }),
    UsageError,
    'Cannot sync guest "armdev": it shares the project by 9p, and has no copy',
  );
  assertEquals(error.exit, 2);
  requireCopy({ name: "armdev", share: { ...share, mode: "rsync" } });
});
