// What changes no key of an image or a part: how the code is written.
import { assertEquals, assertNotEquals } from "@std/assert";
import { walk } from "@std/fs";
import { basename, dirname, join } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { copyCheckout } from "./support/checkouts.ts";
import { makeSandbox } from "./support/harness.ts";

/** All keys of a checkout, by what they are of. */
async function keysOf(dir: string): Promise<Record<string, string>> {
  const sh = $.with({ environment: "user", cwd: dir });
  const { stdout, stderr } =
    await sh`${Deno.execPath()} run -P=test --no-check --quiet tests/support/print_keys.ts`;
  assertEquals(stderr, "");
  return JSON.parse(stdout);
}

/** Rewrites the files of a checkout that take part in making images. */
async function rewrite(dir: string, how: (text: string, path: string) => string): Promise<void> {
  for (const part of ["lib", "configs", "provision", "tests"]) {
    const options = { includeDirs: false, exts: [".ts", ".sh"] };
    for await (const { path } of walk(join(dir, part), options)) {
      const text = await Deno.readTextFile(path);
      const changed = how(text, path);
      if (changed !== text) await Deno.writeTextFile(path, changed);
    }
  }
}

Deno.test("keys depend on what is done, not on how it is written", async (t) => {
  await using box = await makeSandbox();
  const { dir } = await copyCheckout(box, "copy");
  const keys = await keysOf(dir);

  await t.step("a comment changes none", async () => {
    await rewrite(
      dir,
      (text, path) => path.endsWith(".ts") ? `// Why.\n${text}` : `${text}\n  # Why.\n\n`,
    );
    assertEquals(await keysOf(dir), keys);
  });

  await t.step("nor does reformatting", async () => {
    const sh = $.with({ environment: "user", cwd: dir });
    await sh`${Deno.execPath()} fmt --quiet --line-width=60 --indent-width=4 lib configs`;
    assertEquals(await keysOf(dir), keys);
  });

  await t.step("nor do other names and places of modules and hooks", async () => {
    const disk = await findFile(dir, "diskCommands(\n");
    const names = [basename(disk), "rootfs_hook.sh"] as const;
    for (const path of [disk, join(dirname(await findFile(dir, "const HOOKS")), names[1])]) {
      await Deno.rename(path, join(dirname(path), `other_${basename(path)}`));
    }
    await rewrite(dir, (text) => {
      for (const name of names) text = text.replaceAll(`/${name}"`, `/other_${name}"`);
      return text.replaceAll(`"${names[1]}"`, `"other_${names[1]}"`);
    });
    assertEquals(await keysOf(dir), keys);
  });

  await t.step("but what is done does", async () => {
    await rewrite(dir, (text) => text.replaceAll('"lazy_itable_init=1', '"lazy_itable_init=0'));
    const now = await keysOf(dir);
    assertNotEquals(now["debian-amd64"], keys["debian-amd64"]);
    assertEquals(now["debian-amd64/packages"], keys["debian-amd64/packages"]);
  });
});

/** The module of `lib/image` in which a text stands. */
async function findFile(dir: string, text: string): Promise<string> {
  for await (const { path } of walk(join(dir, "lib/image"), { exts: [".ts"] })) {
    if (!path.endsWith("_test.ts") && (await Deno.readTextFile(path)).includes(text)) return path;
  }
  throw new Error(`no module has ${JSON.stringify(text)}`);
}
