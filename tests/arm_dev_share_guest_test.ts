// What a real dev guest and its host see of each other's files, in each way to share; its dev shell;
// and what tidying wins on the host's disk.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { GuestError } from "../lib/base/errors.ts";
import { root as repository } from "../lib/base/files/paths.ts";
import { bytesOnDisk } from "../lib/dev/state/dev_files.ts";
import { ensureMounted, shareMount } from "../lib/dev/share/share_mount.ts";
import { joinSsh } from "../lib/guest/ssh.ts";
import { placeDevGuest } from "./support/dev_guest.ts";
import { freePort } from "./support/environment.ts";
import { makeSandbox } from "./support/harness.ts";
import { assertFailure, documentOf } from "./support/outcome.ts";
import { chain } from "./support/steps.ts";

/** A shell of a project without nixpkgs: what the guest's store can build alone. */
const SHELL_NIX = `derivation {
  name = "shell";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-c" "echo > $out" ];
  GREETING = "hello from nix";
}
`;

Deno.test("a dev guest shares the project, gives its shell, and is tidied", async (t) => {
  await using box = await makeSandbox();
  const above = join(box.dir, "above");
  const project = join(above, "my, project");
  await Deno.mkdir(project, { recursive: true });
  await Deno.writeTextFile(join(above, "secret"), "of the host");
  await Deno.writeTextFile(join(project, "hello.txt"), "from the host\n");
  await Deno.symlink(join(above, "secret"), join(project, "absolute"));
  await Deno.symlink("../secret", join(project, "relative"));
  await Deno.symlink("/", join(project, "root"));
  const port = freePort();
  const start = (mode: string, more: readonly string[], env: Record<string, string> = {}) => {
    const common = ["--project", project, "--ssh-port", String(port), "--memory", "1024"];
    return box.task("arm-dev", [...common, "--share", mode, ...more], { env });
  };
  const ssh = (...argv: string[]) => box.task("arm-dev-ssh", ["--plain", "--", ...argv]);
  /** What a script prints in the guest's copy of the project; it ends well. */
  const inGuest = async (script: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await ssh("sh", "-c", script, "sh", ...args);
    assertEquals(code, 0, `${script}: ${stderr}`);
    return stdout;
  };
  const onHost = (path: string) => Deno.readTextFile(join(project, path));
  const step = chain(t);
  await using _cleanup = {
    async [Symbol.asyncDispose]() {
      await box.task("arm-dev-kill");
    },
  };
  const startWell = async (mode: string, more: string[] = [], env = {}) => {
    const { code, stderr } = await start(mode, more, env);
    assertEquals(code, 0, stderr);
    return stderr;
  };
  const uid = Deno.uid();

  /** Both own what either makes, and see it: at once, or within the given number of looks. */
  const shareWorks = async (looks: number) => {
    assertEquals(await inGuest("cat hello.txt; stat -c %U hello.txt"), "from the host\narmdev\n");
    await inGuest('mkdir made; echo "#!/bin/sh" >"made/$1"; chmod 755 "made/$1"', "a b,\n'c'");
    const made = await Deno.stat(join(project, "made/a b,\n'c'"));
    assertEquals([made.uid, (made.mode ?? 0) & 0o777], [uid, 0o755]);
    assertEquals((await Deno.stat(join(project, "made"))).uid, uid);
    await Deno.writeTextFile(join(project, "hello.txt"), "changed by the host\n");
    let seen = "";
    for (let look = 0; look < looks && seen !== "changed by the host\n"; look++) {
      seen = await inGuest("cat hello.txt");
    }
    assertEquals(seen, "changed by the host\n");
    await inGuest("echo changed by the guest >hello.txt");
    assertEquals(await onHost("hello.txt"), "changed by the guest\n");
    await inGuest(
      "git init -q r && cd r && touch f && git add f && git -c user.name=a " +
        "-c user.email=a@b commit -qm x && git status --porcelain",
    );
    assertEquals((await Deno.stat(join(project, "r/.git/HEAD"))).uid, uid);
    await inGuest("rm -rf made r; printf 'from the host\\n' >hello.txt");
    assertEquals(await Deno.stat(join(project, "made")).then(() => true, () => false), false);
  };

  /** No name leads out of the project, neither for the user nor for the guest's root. */
  const nothingAbove = async () => {
    const guestHost = await inGuest("cat root/etc/hostname");
    assertEquals(guestHost, "armdev\n");
    for (const who of ["", "sudo -n "]) {
      for (const path of ["absolute", "relative", "../secret", "made/../../secret"]) {
        const { code, stdout } = await ssh("sh", "-c", `${who}cat "$0"`, path);
        assertEquals([code === 0, stdout], [false, ""], `${who}cat ${path}`);
      }
    }
    // ".." of the project is the guest's own root.
    assertStringIncludes(await inGuest("ls .."), "etc\n");
    // What the guest links to is the guest's.
    await inGuest('ln -s "$1" planted', join(above, "secret"));
    assertEquals((await ssh("cat", "planted")).code === 0, false);
    await inGuest("rm planted");
  };

  /** Why the program that readies build guests for being saved would not save this one, if so. */
  const whyNotSaved = async () => {
    const program = await Deno.readTextFile(join(repository, "provision/resume.pl"));
    // Without the wait for this very session to end.
    const script = 'eval shift or die; *sessions = sub { () }; eval { settle() }; print $@ // ""';
    return await inGuest('sudo -n perl -e "$1" "$2"', script, program);
  };

  await step("init", () => placeDevGuest(box));

  await step("a missing project is named", async () => {
    const outcome = await box.task("arm-dev", ["--project", join(above, "gone")]);
    assertFailure(outcome, { exit: 2, says: ["gone"] });
  });

  await step("9p: both sides own and see the same files", async () => {
    await startWell("9p");
    await shareWorks(1);
  });

  await step("9p: what is not mounted yet is mounted, or its failure told of", async () => {
    const path = join(box.dir, "state/dev/armdev/run.json");
    const { name, sshSocket, share } = JSON.parse(await Deno.readTextFile(path));
    await using connection = joinSsh(name, `${sshSocket}.conf`);
    const { signal } = new AbortController();
    const mount = shareMount({ mode: "9p", readOnly: false });
    const request = { guestDir: share.guestDir, mount, signal };
    await inGuest("cd / && sudo -n umount /hello-cmake");
    const wrong = { ...request, mount: { ...mount, source: "nothing" } };
    const error = await assertRejects(() => ensureMounted(connection, wrong), GuestError);
    assertEquals(error.message, 'Cannot mount the project at "/hello-cmake" in guest "armdev"');
    assertStringIncludes(error.details.join("\n"), "nothing");
    await ensureMounted(connection, request);
    await ensureMounted(connection, request);
    assertEquals(await inGuest("cat hello.txt; findmnt -n -o FSTYPE ."), "from the host\n9p\n");
  });

  await step("9p: the guest reaches nothing above the project", nothingAbove);

  await step("9p: a guest with the share attached refuses to be saved", async () => {
    assertEquals(await whyNotSaved(), "/hello-cmake is a shared directory\n");
  });

  await step(
    "a command of arm-dev-ssh runs in the project's shell, the second one at once",
    async () => {
      await Deno.writeTextFile(join(project, "shell.nix"), SHELL_NIX);
      const words = ["--", "sh", "-c", 'echo "$GREETING $1"', "sh", "a b"];
      const first = await box.task("arm-dev-ssh", words);
      assertEquals([first.code, first.stdout], [0, "hello from nix a b\n"], first.stderr);
      assertMatch(first.stderr, /evaluating .*shell\.nix/);
      const second = await box.task("arm-dev-ssh", words);
      assertEquals([second.stdout, second.stderr], ["hello from nix a b\n", ""]);
    },
  );

  await step(
    "cd into the project gives its shell by direnv, and cd out of it takes it away",
    async () => {
      const script = 'eval "$PROMPT_COMMAND"; echo "1 $GREETING"; cd /; eval "$PROMPT_COMMAND"; ' +
        'echo "2 ${GREETING-none}"; cd - >/dev/null; eval "$PROMPT_COMMAND"; echo "3 $GREETING"';
      const hello = "hello from nix";
      const { stdout, stderr } = await ssh("bash", "-lic", script);
      assertEquals(stdout, `1 ${hello}\n2 none\n3 ${hello}\n`, stderr);
      await Deno.writeTextFile(join(project, ".envrc"), "use nix\nexport MINE=yes\n");
      const own = await box.task("arm-dev-ssh", ["--", "sh", "-c", 'echo "$GREETING $MINE"']);
      assertEquals([own.code, own.stdout], [0, `${hello} yes\n`], own.stderr);
      await Deno.remove(join(project, ".envrc"));
      await Deno.remove(join(project, "shell.nix"));
    },
  );

  await step("arm-dev-tidy gives the host back what the guest has deleted", async () => {
    const disk = join(box.dir, "state/dev/armdev/disk.qcow2");
    const size = async () => bytesOnDisk(await Deno.stat(disk));
    const MiB = 2 ** 20;
    await inGuest(
      "cd; head -c 150M /dev/urandom >big && sync && head -c 20M /dev/urandom >garbage && " +
        "nix-store --add ./garbage >/dev/null && sync && rm big garbage",
    );
    const before = await size();
    const dry = await box.task("arm-dev-tidy", ["--dry-run"]);
    assertMatch(dry.stdout, /nix-collect-garbage[^]*fstrim --verbose \//);
    const outcome = await box.task("arm-dev-tidy", ["--json"]);
    assertEquals(outcome.code, 0, outcome.stderr);
    const { guest, host } = documentOf(outcome);
    assert(guest.won > 15 * MiB, JSON.stringify(guest));
    assert(host.won > 150 * MiB, JSON.stringify(host));
    assert(before - await size() > 150 * MiB);
    assertEquals(await inGuest("cat hello.txt"), "from the host\n");
  });

  await step("the host's Nix store gives the guest what it has", async () => {
    const store = `local?root=${join(box.dir, "root")}`;
    const path = await $`nix-store --store ${store} --add ${join(project, "hello.txt")}`.text();
    assertMatch(path, /^\/nix\/store\/.*-hello\.txt$/);
    const env = { GUESTHOUSE_HOST_STORE: join(box.dir, "root/nix") };
    await box.task("arm-dev-kill");
    await startWell("9p", ["--read-only", "--host-store"], env);
    const take = await box.task("arm-dev-ssh", [
      "--",
      "sh",
      "-c",
      'nix-store -r "$1"; cat "$1"',
      "sh",
      path,
    ]);
    assertEquals([take.code, take.stdout.endsWith("from the host\n")], [0, true], take.stderr);
    const write = await ssh("sudo", "-n", "touch", "/run/guesthouse/host-nix/store/x");
    assertEquals(write.code === 0, false);
  });

  await step("9p --read-only: the guest's root cannot write either", async () => {
    assertEquals(await inGuest("cat hello.txt"), "from the host\n");
    const remount = "sudo -n mount -o remount,rw /hello-cmake; sudo -n touch /hello-cmake/x";
    const { code } = await ssh("sh", "-c", remount);
    assertEquals([code === 0, await onHost("x").catch(() => "none")], [false, "none"]);
  });

  await step(
    "virtiofs: both sides own and see the same files, and nothing above them",
    async () => {
      await box.task("arm-dev-kill");
      await startWell("virtiofs");
      // The daemon lets the guest believe what it knows for a second.
      await shareWorks(20);
      await nothingAbove();
      assertEquals(await whyNotSaved(), "/hello-cmake is a shared directory\n");
    },
  );

  await step("virtiofs --read-only, and no daemon outlives its guest", async () => {
    await box.task("arm-dev-kill");
    await box.assertClean();
    await startWell("virtiofs", ["--read-only"]);
    assertEquals(await inGuest("cat hello.txt"), "from the host\n");
    const remount = "sudo -n mount -o remount,rw /hello-cmake; sudo -n touch /hello-cmake/x";
    const { code } = await ssh("sh", "-c", remount);
    assertEquals([code === 0, await onHost("x").catch(() => "none")], [false, "none"]);
    await box.task("arm-dev-kill");
    await box.assertClean();
  });

  await step("rsync: a copy that is brought up to date both ways", async () => {
    const stderr = await startWell("rsync");
    assertStringIncludes(stderr, "to the guest: 4");
    assertEquals(await whyNotSaved(), "", "a guest with a copy could be saved");
    assertEquals(await inGuest("cat hello.txt; stat -c %U hello.txt"), "from the host\narmdev\n");
    await inGuest(
      "echo new >new.txt; rm hello.txt; mkdir d; echo guest >d/both; ln -s new.txt link",
    );
    await inGuest("mkdir -p sub/.GIT; echo x >sub/.GIT/config; ln -s .git/hooks hooks");
    await Deno.mkdir(join(project, "d"));
    await Deno.writeTextFile(join(project, "d/both"), "host");
    const dry = await box.task("arm-dev-sync", ["--dry-run"]);
    assertMatch(dry.stdout, /to the host: 2\n {2}link\n {2}new\.txt\n/);
    assertEquals(await onHost("new.txt").catch(() => "none"), "none");
    const sync = await box.task("arm-dev-sync", ["--json"]);
    const { pull, restore, conflicts, guestOnly } = documentOf(sync);
    assertEquals([sync.code, pull, restore, conflicts, guestOnly], [
      ...[1, ["link", "new.txt"], ["hello.txt"], ["d/both"], ["hooks", "sub/.GIT/config"]],
    ]);
    assertEquals(await onHost("link"), "new\n");
    assertEquals([await onHost("new.txt"), await onHost("d/both")], ["new\n", "host"]);
    assertEquals(await inGuest("cat hello.txt d/both"), "from the host\nguest\n");
  });

  await step("rsync: a shutdown brings the guest's work to the host first", async () => {
    await inGuest("echo last >last.txt");
    // Without a host's directory there is nowhere to bring it: the guest then stays up.
    await Deno.rename(project, `${project}.away`);
    assertFailure(await box.task("arm-dev-shutdown"), {
      exit: 4,
      says: [
        "its copy of the project cannot be copied to the host",
        "next: deno task arm-dev-sync, or",
      ],
    });
    await Deno.rename(`${project}.away`, project);
    assertEquals((await ssh("true")).code, 0);
    const { code, stderr } = await box.task("arm-dev-shutdown", ["--force-after", "60"]);
    assertEquals([code, await onHost("last.txt")], [0, "last\n"], stderr);
    assertEquals(await onHost("hello.txt"), "from the host\n");
    await box.assertClean();
  });
});
