// The README's first command on other Linux hosts: Debian 13, and what calls itself Ubuntu, in
// containers without further rights, without KVM. docs/hosts.md has what was found. Node is Debian's.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { canContain, type Container, makeContainer } from "./support/container.ts";
import { makeSandbox, type TaskOutcome } from "./support/harness.ts";
import { assertFailure, assertNoBug } from "./support/outcome.ts";
import { thorough } from "./support/thorough.ts";

/** Minutes each, hundreds of MB from Debian's archive, and an image that configures itself. */
const ignore = !thorough || !canContain || Deno.build.arch !== "x86_64";

const DENO = ["npx", "-y", `deno@${Deno.version.deno}`];
const FIRST = [...DENO, "task", "build-all", "--yes"];

/** The command after `next:`, which a user is told to run. */
const nextOf = ({ stderr }: TaskOutcome) => /^ {2}next: (.*)$/m.exec(stderr)?.[1] ?? "";

const OS_RELEASE = 'PRETTY_NAME="Ubuntu 24.04 LTS"\nNAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n';

/** A user's `uname` in a guest, with the time that it took. */
async function uname(host: Container): Promise<{ readonly seconds: number }> {
  const started = performance.now();
  const vmRun = [...DENO, "task", "--quiet", "vm-run", "debian-amd64", "--", "uname", "-m"];
  const { code, stdout, stderr } = await host.run("me", vmRun, { minutes: 15 });
  assertEquals([code, stdout], [0, "x86_64\n"], stderr);
  return { seconds: (performance.now() - started) / 1000 };
}

Deno.test(
  { name: "Debian 13, with its QEMU 10, in a container without rights", ignore },
  async (t) => {
    await using box = await makeSandbox();
    const host = await makeContainer(box, "debian-13", { suite: "trixie" });

    await t.step("a user without sudo is told one command for all that is missing", async () => {
      const outcome = await host.run("me", FIRST);
      assertFailure(outcome, { exit: 3, says: ["Cannot continue: this host lacks cmake, c++, "] });
      assertMatch(nextOf(outcome), /^su - -c '.*apt-get .*update && .*\bcmake .*\bcargo-web\b.*'$/);
      assertEquals((await host.run("root", ["sh", "-c", nextOf(outcome)])).code, 0);
    });

    await t.step("a user may build no images, as containers forbid user namespaces", async () => {
      const outcome = await host.run("me", FIRST);
      assertFailure(outcome, {
        exit: 3,
        says: [
          "Cannot build images without root: this host forbids user namespaces, as most containers do",
          "unshare failed: Operation not permitted",
        ],
      });
      assertMatch(nextOf(outcome), /^run it as root: npx .* task setup-images --yes$/);
    });

    await t.step("root builds the images, and the sample on all platforms", async () => {
      const outcome = await host.run("root", FIRST, { minutes: 60 });
      assertNoBug(outcome);
      assertEquals(outcome.code, 0, outcome.stderr);
      for (const name of ["native", "debian-amd64", "debian-arm64"]) {
        assertMatch(outcome.stdout, new RegExp(`^${name} +pass `, "m"));
      }
      // Nothing may be registered with binfmt_misc, so that image configures itself at its first boot.
      assertMatch(outcome.stderr, /^debian-arm64: first boot$/m);
    });

    await t.step("a user's guests start from images of root's, the second one warm", async () => {
      const images = join(host.checkoutOf("me"), "images/dist");
      await $`cp -a --reflink=auto ${join(host.checkoutOf("root"), "images/dist")} ${images}`;
      await $`chown -R 1000:1000 ${images}`;
      const cold = await uname(host);
      const warm = await uname(host);
      assertEquals(warm.seconds < cold.seconds / 2, true, JSON.stringify({ cold, warm }));
    });
  },
);

Deno.test({ name: "a Debian 12 that calls itself Ubuntu has no rustup", ignore }, async (t) => {
  await using box = await makeSandbox();
  const host = await makeContainer(box, "ubuntu", { suite: "bookworm", osRelease: OS_RELEASE });

  await t.step("a user is told to get rustup, and a toolchain by it", async () => {
    const outcome = await host.run("me", FIRST);
    assertFailure(outcome, { exit: 3, says: ["Cannot continue: this host lacks cmake, c++, "] });
    assertMatch(
      nextOf(outcome),
      /^su - -c '.* rustup .*' && \/usr\/bin\/rustup toolchain install stable .* --target x86_64-unknown-linux-musl /,
    );
  });

  await t.step("root's images fail for it, and the message says where it comes from", async () => {
    const outcome = await host.run("root", FIRST, { minutes: 30 });
    assertFailure(outcome, {
      exit: 3,
      says: ["Cannot install the missing tools: the package manager exited with status 100\n"],
    });
    assertMatch(outcome.stderr, /Package 'rustup' has no installation candidate|Unable to locate/);
    assertMatch(nextOf(outcome), /universe, or, .*https:\/\/rustup\.rs; then run the task again$/);
  });
});

Deno.test({
  name: "a Debian 13 that calls itself Ubuntu has rustup, which reaches no server",
  ignore,
}, async () => {
  await using box = await makeSandbox();
  const host = await makeContainer(box, "ubuntu", { suite: "trixie", osRelease: OS_RELEASE });
  const check = [...DENO, "task", "check", "--install", "--for", "setup-images", "--yes"];
  const outcome = await host.run("root", check, {
    env: { RUSTUP_DIST_SERVER: "http://127.0.0.1:9", RUSTUP_MAX_RETRIES: "0" },
    minutes: 15,
  });
  assertFailure(outcome, {
    exit: 3,
    says: ["Cannot install the missing tools: rustup exited with status 1\n"],
  });
  assertStringIncludes(outcome.stderr, "http://127.0.0.1:9");
  assertMatch(nextOf(outcome), /^\/usr\/bin\/rustup toolchain install stable --profile minimal/);
});
