import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { exists } from "../files/directories.ts";
import { run } from "./run.ts";
import { testdata } from "./process_testing.ts";
import { removeTree } from "./remove_tree.ts";
import { sandbox } from "../host_testing.ts";

const unshare = ["unshare", "--mount", "--propagation", "private", "--"];
const canMount = Deno.build.os === "linux" && Deno.uid() === 0 &&
  (await run([...unshare, "true"])).code === 0;

Deno.test("removeTree() removes a tree, and accepts a missing one", async () => {
  await using box = await sandbox();
  const tree = join(box.path, "tree");
  await Deno.mkdir(join(tree, "root/etc"), { recursive: true });
  await Deno.symlink(box.path, join(tree, "link"));
  await removeTree(tree);
  await removeTree(tree);
  assertEquals(await exists(tree), false);
});

Deno.test({
  name: "removeTree() removes a tree in which a host directory is mounted, but not that directory",
  ignore: !canMount,
  async fn() {
    await using box = await sandbox();
    // mountinfo writes some characters in another way; TMPDIR has none of them, as a rule.
    const dir = await Deno.makeTempDir({ prefix: "guesthouse-mounted-" });
    const host = join(box.path, "host");
    await Deno.mkdir(host);
    await Deno.writeTextFile(join(host, "precious"), "x");
    const script = testdata("remove_mounted.ts");
    const deno = [Deno.execPath(), "run", "-A", "--quiet", script, join(dir, "tree"), host];
    const { code, stderr } = await run([...unshare, ...deno]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await exists(join(dir, "tree")), false);
    assertEquals(await Deno.readTextFile(join(host, "precious")), "x");
    await Deno.remove(dir);
  },
});
