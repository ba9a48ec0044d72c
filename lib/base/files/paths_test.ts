import { assert, assertEquals } from "@std/assert";
import { isAbsolute, join } from "@std/path";
import {
  imageCacheDir,
  imagesDir,
  keysDir,
  locksDir,
  logsDir,
  LONGEST_SOCKET_PATH,
  nativeBuildDir,
  root,
  runsDir,
  socketDir,
  stateDir,
  verdictsDir,
} from "./paths.ts";
import { sandbox } from "../host_testing.ts";

Deno.test("root is the directory that holds deno.json", async () => {
  assert((await Deno.stat(join(root, "deno.json"))).isFile);
});

for (const value of ["", undefined]) {
  Deno.test(`the directories lie in the checkout where the variables are ${JSON.stringify(value)}`, async () => {
    await using _box = await sandbox({
      GUESTHOUSE_STATE: "",
      GUESTHOUSE_IMAGES: "",
      GUESTHOUSE_LOGS: "",
    });
    if (value === undefined) {
      for (const name of ["STATE", "IMAGES", "LOGS"]) Deno.env.delete(`GUESTHOUSE_${name}`);
    }
    assertEquals(stateDir(), join(root, ".guesthouse"));
    assertEquals(imagesDir(), join(root, "images/dist"));
    assertEquals(imageCacheDir(), join(root, "images/cache"));
    assertEquals(logsDir(), join(root, "logs"));
  });
}

Deno.test("the directories move with the variables, all of the state together", async () => {
  await using box = await sandbox();
  const at = (name: string) => join(box.path, name);
  await using _env = await sandbox({
    GUESTHOUSE_STATE: at("s"),
    GUESTHOUSE_IMAGES: at("i/dist"),
    GUESTHOUSE_LOGS: at("l"),
  });
  assertEquals(
    [keysDir(), runsDir(), locksDir(), verdictsDir(), nativeBuildDir()],
    ["s/keys", "s/runs", "s/locks", "s/verdicts", "s/native"].map(at),
  );
  assertEquals([imagesDir(), imageCacheDir(), logsDir()], ["i/dist", "i/cache", "l"].map(at));
});

Deno.test("a relative variable counts from the current directory", async () => {
  await using _box = await sandbox({ GUESTHOUSE_STATE: "my/state" });
  assertEquals(stateDir(), join(Deno.cwd(), "my/state"));
  assert(isAbsolute(runsDir()));
});

Deno.test("socketDir() is the user's own and leaves room for a run's sockets", async () => {
  await using box = await sandbox({ XDG_RUNTIME_DIR: "" });
  assertEquals(socketDir(), `/tmp/guesthouse-${Deno.uid()}`);
  // ssh binds a control socket under a temporary name of 17 more bytes.
  const longest = join(
    socketDir(),
    "a-platform-with-a-long-name-01234567",
    "control.0123456789abcdef",
  );
  assert(longest.length < LONGEST_SOCKET_PATH, longest);
  await using _env = await sandbox({ XDG_RUNTIME_DIR: box.path });
  assertEquals(socketDir(), join(box.path, `guesthouse-${Deno.uid()}`));
});

Deno.test("socketDir() is not in another user's directory, where sudo -E leaves the variable", {
  ignore: Deno.uid() !== 0,
}, async () => {
  await using box = await sandbox();
  await Deno.chown(box.path, 4242, 4242);
  await using _env = await sandbox({ XDG_RUNTIME_DIR: box.path });
  assertEquals(socketDir(), "/tmp/guesthouse-0");
});
