import { assertEquals } from "@std/assert";
import { root } from "../base/files/paths.ts";

/** What the guest's own function finds in a text like /proc/mounts. */
async function sharedDir(mounts: string): Promise<string> {
  const script = `require "./provision/resume.pl"; print shared_directory($ARGV[0]) // "none"`;
  const { success, stdout } = await new Deno.Command("perl", {
    args: ["-e", script, mounts],
    cwd: root,
  }).output();
  assertEquals(success, true);
  return new TextDecoder().decode(stdout);
}

// A guest with one attached is met in tests/arm_dev_share_guest_test.ts.
Deno.test("resume.pl finds network and shared file systems among the mounts, and no others", async () => {
  const own = "/dev/vda / ext4 rw 0 0\nproc /proc proc rw 0 0\ntmpfs /9p tmpfs rw 0 0\n";
  assertEquals(await sharedDir(own), "none");
  for (const type of ["9p", "virtiofs", "nfs", "nfs4", "cifs", "fuse.sshfs"]) {
    assertEquals(
      await sharedDir(`${own}host /home/ci/share ${type} rw 0 0\n`),
      "/home/ci/share",
    );
  }
});
