import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { firstRsyncWarning, isMendedPackage, rsyncWarning } from "./rsync_risk.ts";
import { sandbox } from "../../base/host_testing.ts";

Deno.test("rsyncWarning() knows old versions from new ones", async () => {
  const path = "/opt/rsync";
  for (const version of ["2.6.9", "3.2.3", "3.2.7", "3.3.0"]) {
    const text = await rsyncWarning({ version, path });
    assertMatch(
      text ?? "",
      new RegExp(`^rsync ${version} \\(/opt/rsync\\) believes a hostile guest`),
    );
    assertMatch(text ?? "", /Upgrade it to 3\.4\.0/);
  }
  for (const version of ["3.4.0", "3.4.1", "3.10", "4.0"]) {
    assertEquals(await rsyncWarning({ version, path }), undefined);
  }
  assertEquals(await rsyncWarning({}), undefined);
});

Deno.test("isMendedPackage() knows the packages that have the fixes", () => {
  const mended = [
    ...["3.2.7-1+deb12u1", "3.2.7-1+deb12u10", "3.2.3-4+deb11u2", "3.2.7-1ubuntu1.1"],
    ...["3.2.7-0ubuntu0.22.04.3", "3.3.0-1ubuntu0.1"],
  ];
  assertEquals(mended.filter((version) => !isMendedPackage(version)), []);
  const open = [
    ...["3.2.7-1", "3.2.7-1+deb12u0", "3.2.3-4+deb11u1", "3.2.7-1ubuntu1", "3.2.3-4", ""],
    ...["3.2.7-0ubuntu0.22.04.2", "3.3.0-1", "3.2.7-1+deb12ux"],
  ];
  assertEquals(open.filter(isMendedPackage), []);
});

Deno.test("rsyncWarning() asks dpkg only about its own rsync", async () => {
  await using box = await sandbox();
  const packaged = await Deno.realPath(await box.script("rsync", ""));
  const other = await box.script("other", "");
  const ask = async (path: string, dpkg: string) => {
    await box.script("dpkg", `[ "$*" = "-s rsync" ] && ${dpkg}`);
    await using _path = await sandbox({ PATH: `${box.path}:/usr/bin:/bin` });
    return await rsyncWarning({ version: "3.2.7", path }, { packaged }) === undefined;
  };
  const has = (version: string) => `printf 'Package: rsync\nVersion: ${version}\nX: y\n'`;
  assertEquals(await ask(packaged, has("3.2.7-1+deb12u2")), true);
  assertEquals(await ask(packaged, has("3.2.7-1")), false);
  assertEquals(await ask(packaged, "exit 1"), false);
  assertEquals(await ask(other, has("3.2.7-1+deb12u2")), false);
  await Deno.symlink(packaged, join(box.path, "link"));
  assertEquals(await ask(join(box.path, "link"), has("3.2.7-1+deb12u2")), true);
});

Deno.test("firstRsyncWarning() warns of the rsync on PATH, once", async () => {
  await using box = await sandbox();
  await box.script("rsync", "echo 'rsync  version 3.2.4  protocol version 31'");
  await using _path = await sandbox({ PATH: `${box.path}:${Deno.env.get("PATH")}` });
  assertMatch(await firstRsyncWarning() ?? "", /^rsync 3\.2\.4 \(.*\/rsync\) believes/);
  assertEquals(await firstRsyncWarning(), undefined);
});
