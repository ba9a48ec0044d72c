import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { keepFile } from "../store/vouched.ts";
import { HostError } from "../base/errors.ts";
import { createLog } from "../base/terminal/log.ts";
import { ensureGvproxy } from "./gvproxy.ts";

const asker = {
  ...{ yes: false, interactive: false, signal: new AbortController().signal },
  log: createLog({ quiet: true }),
};

Deno.test("ensureGvproxy() takes the one on PATH, else the one that was built here", async () => {
  const find = (name: string) => name === "gvproxy" ? { path: "/usr/bin/gvproxy" } : undefined;
  assertEquals(await ensureGvproxy(asker, { find }), "/usr/bin/gvproxy");
  const dir = await Deno.makeTempDir();
  const built = join(dir, "gvproxy");
  await Deno.writeTextFile(built, "");
  const unfound = { find: () => undefined, built };
  // Half of one, as a killed build leaves it.
  await assertRejects(() => ensureGvproxy(asker, unfound), HostError, "gvproxy is missing");
  await keepFile(built, built);
  assertEquals(await ensureGvproxy(asker, unfound), built);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("ensureGvproxy() says what to install, and builds nothing unasked", async () => {
  const built = "/nowhere/bin/gvproxy";
  const nothing = { find: () => undefined, built };
  const bare = await assertRejects(() => ensureGvproxy(asker, nothing), HostError);
  assertStringIncludes(bare.message, "gvproxy is missing, and so is Go to build it");
  assertStringIncludes(bare.next ?? "", "install Go");
  const go = { find: (name: string) => name === "go" ? { path: "/usr/bin/go" } : undefined, built };
  const unasked = await assertRejects(() => ensureGvproxy(asker, go), HostError);
  assertEquals(unasked.exit, 3);
  assertStringIncludes(unasked.next ?? "", "GOBIN=/nowhere/bin go install github.com/containers/");
  assertStringIncludes(unasked.next ?? "", "@v");
});

Deno.test("ensureGvproxy() says that go takes too long", async () => {
  const dir = await Deno.makeTempDir();
  const go = join(dir, "go");
  await Deno.writeTextFile(go, "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
  const find = (name: string) => name === "go" ? { path: go } : undefined;
  const late = await assertRejects(
    () => ensureGvproxy({ ...asker, yes: true }, { find, built: join(dir, "bin/x"), buildMs: 100 }),
    HostError,
    "Cannot build gvproxy: go did not end within 0.1 s",
  );
  assertStringIncludes(late.next ?? "", "--network user");
  await Deno.remove(dir, { recursive: true });
});
