import { assertEquals } from "@std/assert";
import { $ } from "../base/process/dollar.ts";
import { guestIds, hostIds } from "./ids.ts";

Deno.test("guestIds() are the host's, except for root", () => {
  assertEquals(guestIds({ uid: 501, gid: 20 }), { uid: 501, gid: 20 });
  assertEquals(guestIds({ uid: 0, gid: 0 }), { uid: 1000, gid: 1000 });
});

Deno.test("hostIds() are those of this process", async () => {
  assertEquals(`${hostIds().uid}`, await $`id -u`.text());
});
