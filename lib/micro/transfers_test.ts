import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../base/errors.ts";
import type { AgentClient } from "../guest/agent/client.ts";
import { AgentError } from "../guest/agent/agent_errors.ts";
import { download, upload, whyNotDownload, whyNotUpload } from "./transfers.ts";

const { signal } = new AbortController();

async function withDir(use: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  await use(dir);
  await Deno.remove(dir, { recursive: true });
}

/** Gives half of a file, then this. */
const reader = (
  then: () => Promise<number>,
  code = 1,
): Pick<AgentClient, "exec" | "readFile"> => ({
  exec: () => Promise.resolve({ code, signal: null, timedOut: false, oom: false }),
  async readFile(_, sink) {
    await sink(new TextEncoder().encode("new"));
    return await then();
  },
});
const whole = reader(() => Promise.resolve(3));

Deno.test("whyNotUpload() and whyNotDownload() predict what would fail at the end", async () => {
  await withDir(async (dir) => {
    const file = join(dir, "file");
    await Deno.writeTextFile(file, "");
    assertEquals(await whyNotUpload(file), undefined);
    assertEquals(await whyNotUpload(dir), "it is not a file");
    assertEquals(await whyNotUpload(join(file, "x")), "it does not exist");
    assertEquals(await whyNotDownload(file), undefined);
    assertEquals(await whyNotDownload(join(dir, "new")), undefined);
    assertEquals(await whyNotDownload(dir), "it is a directory");
    const lost = join(dir, "no/such");
    assertEquals(await whyNotDownload(join(lost, "x")), `there is no directory ${lost}`);
    assertEquals(await whyNotDownload(join(file, "x")), `there is no directory ${file}`);
    assertEquals((await Array.fromAsync(Deno.readDir(dir))).length, 1, "nothing is left behind");
  });
});

Deno.test({
  name: "whyNotUpload() and whyNotDownload() name what the user may not do",
  // Root may do all of it.
  ignore: Deno.uid() === 0,
  async fn() {
    await withDir(async (dir) => {
      const [file, below] = [join(dir, "file"), join(dir, "directory")];
      await Deno.writeTextFile(file, "", { mode: 0o000 });
      await Deno.mkdir(below, { mode: 0o500 });
      assertEquals(await whyNotUpload(file), "it is not readable");
      assertEquals(await whyNotDownload(join(below, "x")), `${below} may not be written to`);
    });
  },
});

Deno.test("download() replaces a file only by a complete one, and keeps its mode and its links", async () => {
  await withDir(async (dir) => {
    const [host, link] = [join(dir, "out"), join(dir, "link")];
    await Deno.writeTextFile(host, "old", { mode: 0o600 });
    await Deno.symlink(host, link);
    const broken = reader(() => Promise.reject(new AgentError("EIO", "broken (os error 5)")));
    await assertRejects(() => download(broken, { host, guest: "/x" }, signal), AgentError);
    assertEquals(await Deno.readTextFile(host), "old");
    await download(whole, { host: link, guest: "/x" }, signal);
    assertEquals(await Deno.readTextFile(host), "new");
    assertEquals(((await Deno.stat(host)).mode ?? 0) & 0o777, 0o600);
    assertEquals((await Deno.lstat(link)).isSymlink, true);
    assertEquals((await Array.fromAsync(Deno.readDir(dir))).length, 2);
  });
});

Deno.test("download() gives a program that it can be executed, and nothing else of its mode", async () => {
  await withDir(async (dir) => {
    const program = reader(() => Promise.resolve(3), 0);
    const [made, old] = [join(dir, "new"), join(dir, "old")];
    await Deno.writeTextFile(old, "old", { mode: 0o640 });
    const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o7777;
    for (const host of [made, old]) await download(program, { host, guest: "/x" }, signal);
    // Whatever the umask is: who may read it may run it.
    const mode = await modeOf(made);
    assertEquals(mode & 0o111, (mode & 0o444) >> 2);
    assertEquals(await modeOf(old), 0o750);
  });
});

Deno.test("download() and upload() say what is wrong on the host", async () => {
  const host = "/tmp/no/such/dir/x";
  const lost = await assertRejects(
    () => download(whole, { host, guest: "/x" }, signal),
    HostError,
    `Cannot download to "${host}": No such file or directory`,
  );
  assertStringIncludes(lost.next ?? "", "ls -ld /tmp/no/such/dir");
  const writer = { writeFile: () => Promise.resolve(0) };
  await assertRejects(
    () => upload(writer, { host, guest: "/x" }, signal),
    HostError,
    `Cannot upload "${host}": No such file or directory`,
  );
});
