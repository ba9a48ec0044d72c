import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { readCpio } from "../image/format/cpio_testing.ts";
import { packPasswordSeed, randomPassword } from "./password_seed.ts";

Deno.test("packPasswordSeed() gives the user a password and the server leave to take it", () => {
  const members = readCpio(packPasswordSeed("ci", "secret"));
  const text = (name: string) =>
    new TextDecoder().decode(members.find((member) => member.name === name)?.data);
  assertMatch(text("seed/etc/ssh/sshd_config"), /^PasswordAuthentication yes$/m);
  assertMatch(
    text("seed/etc/shadow"),
    /^root:\*:.*\nci:\$6\$[A-Za-z0-9.]{16}\$[A-Za-z0-9./]{86}:\d+:0:99999:7:::\n$/,
  );
  const shadow = members.find(({ name }) => name === "seed/etc/shadow");
  assertEquals(shadow && shadow.mode & 0o777, 0o600);
});

Deno.test("randomPassword() repeats none, and has no character that a shell knows", () => {
  assertMatch(randomPassword(), /^[A-Za-z0-9_-]{24}$/);
  assertNotEquals(randomPassword(), randomPassword());
});
