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

Deno.test("socketDir() does without an XDG_RUNTIME_DIR that is relative, missing, a file or long", async () => {
  await using box = await sandbox();
  const long = join(box.path, "x".repeat(40));
  await Deno.mkdir(long);
  await Deno.writeTextFile(join(box.path, "file"), "");
  const unfit = ["run", join(box.path, "missing"), join(box.path, "file"), long];
  for (const XDG_RUNTIME_DIR of unfit) {
    await using _env = await sandbox({ XDG_RUNTIME_DIR });
    assertEquals(socketDir(), `/tmp/guesthouse-${Deno.uid()}`, XDG_RUNTIME_DIR);
  }
});

Deno.test("socketDir() and tempDirs() are where the task's permission set lets it write", async () => {
  await using box = await sandbox();
  const script = join(box.path, "places.ts");
  await Deno.writeTextFile(
    script,
    `import { socketDir, tempDirs } from "${import.meta.resolve("./paths.ts")}";
    console.log(JSON.stringify([socketDir(), tempDirs()]));`,
  );
  const set = ["--allow-read", "--allow-env", "--allow-sys=uid", "--allow-write=/var/tmp"];
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--config", join(root, "deno.json"), ...set, script],
    env: { XDG_RUNTIME_DIR: box.path, TMPDIR: box.path },
  }).output();
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), [
    `/tmp/guesthouse-${Deno.uid()}`,
    ["/var/tmp"],
  ]);
});
