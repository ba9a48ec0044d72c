import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { HostError, UsageError } from "../../base/errors.ts";
import { checkShareDir } from "./share_dir.ts";
import { chooseOwnership } from "../share/share_owner.ts";

async function withDir(use: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir({ prefix: "gh-share-" });
  try {
    await use(dir);
  } finally {
    await Deno.chmod(dir, 0o700);
    await Deno.remove(dir, { recursive: true });
  }
}

/** As user 4711: root without its rights, and without anyone else's. */
async function asOther() {
  const uid = Deno.uid() ?? 0;
  const ownership = await chooseOwnership({ uid, gid: 0 }, { uid: 4711, gid: 4711 });
  return ownership.kind === "namespace" ? ownership.wrapper : [];
}

Deno.test("checkShareDir() accepts a directory with blanks, commas and quotes in its name", async () => {
  await withDir(async (dir) => {
    const odd = join(dir, `my, "project" $(id) 'x'`);
    await Deno.mkdir(odd);
    await checkShareDir({ dir: odd, readOnly: false });
    await checkShareDir({ dir: odd, readOnly: false, wrapper: await asOther() });
  });
});

Deno.test("checkShareDir() names a missing directory, and how to make it", async () => {
  await withDir(async (dir) => {
    const error = await assertRejects(
      () => checkShareDir({ dir: join(dir, "it's gone"), readOnly: false }),
      UsageError,
      `Cannot share "${dir}/it's gone" with the guest: there is no such directory`,
    );
    assertEquals(
      error.next,
      `mkdir -p '${dir}/it'\\''s gone', or pass --project DIR with the project's directory`,
    );
  });
});

Deno.test("checkShareDir() refuses a file, a relative path and the whole host", async () => {
  await withDir(async (dir) => {
    await Deno.writeTextFile(join(dir, "f"), "");
    await Deno.symlink("/", join(dir, "all"));
    const refused: [dir: string, why: string][] = [
      [join(dir, "f"), "it is not a directory"],
      ["project", "it is not an absolute path"],
      ["/", "the guest would see the whole host"],
      [join(dir, "all"), "the guest would see the whole host"],
    ];
    for (const [dir, why] of refused) {
      await assertRejects(() => checkShareDir({ dir, readOnly: true }), UsageError, why);
    }
  });
});

Deno.test("checkShareDir() accepts a read-only directory for a read-only share only", async () => {
  await withDir(async (dir) => {
    await Deno.chmod(dir, 0o555);
    const wrapper = await asOther();
    const error = await assertRejects(
      () => checkShareDir({ dir, readOnly: false, wrapper }),
      HostError,
      `Cannot share "${dir}" with the guest: this user may not write to it`,
    );
    const uid = Deno.uid();
    assertEquals(error.details, [`owner: uid ${uid}, mode: 555; this user: uid ${uid}`]);
    assertEquals(error.next?.startsWith("pass --read-only"), true);
    await checkShareDir({ dir, readOnly: true, wrapper });
  });
});

Deno.test("checkShareDir() names a directory of another user that is closed to this one", async () => {
  await withDir(async (dir) => {
    await Deno.chmod(dir, 0o000);
    await assertRejects(
      async () => checkShareDir({ dir, readOnly: true, wrapper: await asOther() }),
      HostError,
      "this user may not enter it",
    );
  });
});

Deno.test({
  name: "checkShareDir() names another user's directory, which root could write and QEMU could not",
  // Only root can make such a directory.
  ignore: Deno.uid() !== 0,
  async fn() {
    await withDir(async (dir) => {
      await Deno.chown(dir, 4242, 4242);
      await Deno.chmod(dir, 0o755);
      const error = await assertRejects(
        async () => checkShareDir({ dir, readOnly: false, wrapper: await asOther() }),
        HostError,
        "this user may not write to it",
      );
      assertEquals(error.details, ["owner: uid 4242, mode: 755; this user: uid 0"]);
    });
  },
});
