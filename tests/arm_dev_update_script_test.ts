// What the guest runs to apply an update (provision/arm_dev_update.sh), on this host: in a directory
// that stands in for its root, with stand-ins for systemd and Nix.
import { delay } from "@std/async";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { exists } from "@std/fs";
import { dirname, join } from "@std/path";
import { UPDATE_SCRIPT } from "../lib/dev/update.ts";
import { $ } from "../lib/base/process/dollar.ts";

/** As systemd has it: the worker, and what comes after it however it ended. */
const SYSTEMD_RUN = `#!/bin/sh
while :; do
  case $1 in
    --property=ExecStopPost=*) settle=\${1#*=*=} ;;
    --*) ;;
    *) break ;;
  esac
  shift
done
: >$ROOT/job
{
  "$@" >>$ROOT/run/guesthouse-update/log 2>&1 &
  echo $! >$ROOT/worker
  mv $ROOT/job $ROOT/active
  wait
  [ -e $ROOT/crashed ] || $settle >>$ROOT/run/guesthouse-update/log 2>&1
  rm $ROOT/active
} >/dev/null 2>&1 &
`;
const SYSTEMCTL = `#!/bin/sh
[ "$1" = show ] || exit 0
if [ -e $ROOT/active ]; then echo ActiveState=active; else echo ActiveState=inactive; fi
[ ! -e $ROOT/job ] || echo Job=12
`;
const NIXOS_REBUILD = `#!/bin/sh
[ "$*" = "build --flake path:$ROOT/etc/nixos.new#armdev" ] && grep -q fine $ROOT/etc/nixos.new/x.nix || exit 1
mkdir -p $ROOT/nix/new/bin
cp $ROOT/bin/switch $ROOT/nix/new/bin/switch-to-configuration
ln -sfn $ROOT/nix/new result
`;
const logging = (name: string) => `#!/bin/sh\necho "${name} $*" >>$ROOT/calls\n`;

/** A guest's root and what its update is given. */
interface Guest extends AsyncDisposable {
  readonly dir: string;
  /** Runs the script as the host does. */
  update(...words: string[]): Promise<{ code: number; stdout: string }>;
  /** Waits for one of these states. */
  until(...states: string[]): Promise<string>;
  read(path: string): Promise<string | undefined>;
  write(path: string, text: string, mode?: number): Promise<void>;
  /** Kills the worker, which must still be there. */
  kill(): Promise<void>;
  /** Waits until the worker's unit has ended. */
  idle(): Promise<void>;
}

async function makeGuest(): Promise<Guest> {
  const dir = await Deno.makeTempDir({ prefix: "guesthouse-update-test-" });
  const env = { ROOT: dir, PATH: `${dir}/bin:${Deno.env.get("PATH")}` };
  const sent = join(dir, "sent/update");
  const guest: Guest = {
    dir,
    // Not by run(), which ends what its program leaves behind: that is the worker.
    async update(...words) {
      const shell = new Deno.Command("sh", { args: [sent, ...words], env, stderr: "null" });
      const { code, stdout } = await shell.output();
      return { code, stdout: new TextDecoder().decode(stdout) };
    },
    async until(...states) {
      const deadline = performance.now() + 60_000;
      while (true) {
        const [state] = (await guest.update("poll", "1")).stdout.split("\n");
        if (states.includes(state!)) return state!;
        const isLate = performance.now() > deadline;
        assert(
          !isLate && !ENDS.test(state!),
          `${state}\n${await guest.read("run/guesthouse-update/log")}`,
        );
        await delay(50);
      }
    },
    read: (path) => Deno.readTextFile(join(dir, path)).catch(() => undefined),
    async write(path, text, mode = 0o644) {
      await Deno.mkdir(dirname(join(dir, path)), { recursive: true });
      await Deno.writeTextFile(join(dir, path), text, { mode });
    },
    kill: async () => Deno.kill(Number(await Deno.readTextFile(join(dir, "worker"))), "SIGKILL"),
    async idle() {
      while (await exists(join(dir, "active"))) await delay(20);
    },
    async [Symbol.asyncDispose]() {
      await guest.idle();
      await Deno.remove(dir, { recursive: true });
    },
  };
  const script = (await Deno.readTextFile(UPDATE_SCRIPT))
    .replaceAll(/^(root|run|profile|nixos|store|hook)=\//gm, `$1=${dir}/`)
    .replaceAll("/sbin/init", `${dir}/init`);
  await guest.write("sent/update", script);
  await guest.write("bin/systemd-run", SYSTEMD_RUN, 0o755);
  await guest.write("bin/systemctl", SYSTEMCTL, 0o755);
  await guest.write("bin/nixos-rebuild", NIXOS_REBUILD, 0o755);
  for (const name of ["nix-env", "switch", "chown", "sync"]) {
    await guest.write(`bin/${name}`, logging(name), 0o755);
  }
  await guest.write("init", `#!/bin/sh\necho "init $*"\n`, 0o755);
  for (const name of ["run", "sbin", "usr/local", "var/lib"]) {
    await Deno.mkdir(join(dir, name), { recursive: true });
  }
  await guest.write("etc/sshd", "as it was\n");
  await guest.write("etc/hostname", "armdev\n");
  return guest;
}

const ENDS = /^(kept|undone|failed|broken|stuck|dead|none)/;

/** Provisioning that changes a file, adds one, and then does something else. */
const provision = (more = "") =>
  `echo broken >$ROOT/etc/sshd\nmkdir $ROOT/etc/added\n: >$ROOT/etc/added/é\n${more}\n`;

/** Whether nothing of the update is left, and nothing of what undoes it. */
async function assertAsItWas(guest: Guest): Promise<void> {
  assertEquals(await guest.read("etc/sshd"), "as it was\n");
  assert(!await exists(join(guest.dir, "etc/added")));
  await assertSettled(guest);
}

async function assertSettled(guest: Guest): Promise<void> {
  for (const path of ["sbin/guest-agent", "sbin/guest-agent.new", "var/lib/guesthouse-update"]) {
    assert(!await exists(join(guest.dir, path)), path);
  }
}

Deno.test("an update of Debian that is confirmed is kept", async () => {
  await using guest = await makeGuest();
  await guest.write("sent/provision.sh", provision());
  assertEquals((await guest.update("start", "debian", "20")).code, 0);
  await guest.until("applied");
  assert(await exists(join(guest.dir, "sbin/guest-agent")));
  assertEquals((await guest.update("start", "debian", "20")).code, 75);
  await guest.update("confirm");
  await guest.until("kept");
  assertEquals(await guest.read("etc/sshd"), "broken\n");
  await assertSettled(guest);
});

for (
  const [what, script, seconds, end] of [
    ["that nobody confirms", provision(), "0", "undone"],
    ["whose provisioning fails", provision("exit 3"), "9", "failed"],
  ] as const
) {
  Deno.test(`an update of Debian ${what} is rolled back`, async () => {
    await using guest = await makeGuest();
    await guest.write("sent/provision.sh", script);
    await guest.update("start", "debian", seconds);
    await guest.until(end);
    await assertAsItWas(guest);
  });
}

Deno.test("an update whose worker is killed is rolled back, and another may begin", async () => {
  await using guest = await makeGuest();
  await guest.write("sent/provision.sh", provision());
  await guest.update("start", "debian", "60");
  await guest.until("applied");
  await guest.kill();
  await guest.until("broken");
  await assertAsItWas(guest);
  await guest.idle();
  assertEquals((await guest.update("start", "debian", "0")).code, 0);
  await guest.until("undone");
});

Deno.test("a guest that ends before its update is kept is rolled back at its next start", async () => {
  await using guest = await makeGuest();
  await guest.write("sent/provision.sh", provision());
  await guest.update("start", "debian", "60");
  await guest.until("applied");
  await guest.write("crashed", "");
  await guest.kill();
  await guest.until("dead");
  // What the start brings along.
  await guest.write("etc/hostname", "renamed\n");
  const hook = await $`${join(guest.dir, "sbin/guest-agent")} quiet`;
  assertEquals(hook.stdout, "guesthouse: takes back an update that was not kept\ninit quiet\n");
  assertEquals(hook.stderr, "");
  assertEquals(await guest.read("etc/hostname"), "renamed\n");
  await assertAsItWas(guest);
});

Deno.test("a start continues if the update cannot be rolled back, and the next one tries again", async () => {
  await using guest = await makeGuest();
  await guest.write("sent/provision.sh", provision());
  await guest.update("start", "debian", "60");
  await guest.until("applied");
  await guest.write("crashed", "");
  await guest.kill();
  const former = join(guest.dir, "var/lib/guesthouse-update/former.tar");
  await Deno.rename(former, `${former}.away`);
  const first = await $`${join(guest.dir, "sbin/guest-agent")}`;
  assertMatch(first.stdout, /FAILED: cannot take back the update\ninit \n$/);
  await Deno.rename(`${former}.away`, former);
  await $`${join(guest.dir, "sbin/guest-agent")}`;
  await assertAsItWas(guest);
});

Deno.test("a rollback that fails at any step leaves the update unfinished", async () => {
  await using guest = await makeGuest();
  await guest.write("sent/provision.sh", provision());
  await guest.write("bin/comm", "#!/bin/sh\nexit 1\n", 0o755);
  await guest.write("bin/sort", "#!/bin/sh\nexit 1\n", 0o755);
  await guest.update("start", "debian", "0");
  await guest.until("stuck silent");
  assert(await exists(join(guest.dir, "var/lib/guesthouse-update/pending")));
});

Deno.test("a file that changes while it is saved is no fault; a full disk is, before anything is applied", async () => {
  for (const [status, end] of [[1, "undone"], [2, "broken"]] as const) {
    await using guest = await makeGuest();
    await guest.write("sent/provision.sh", provision());
    const tar =
      `#!/bin/sh\n${REAL_TAR} "$@" || exit\ncase $* in *former.tar\\ etc*) exit ${status} ;; esac\n`;
    await guest.write("bin/tar", tar, 0o755);
    await guest.update("start", "debian", "0");
    await guest.until(end);
    await assertAsItWas(guest);
    const log = await guest.read("run/guesthouse-update/log") ?? "";
    if (end === "broken") assertStringIncludes(log, "ended before its time");
  }
});

const REAL_TAR = new TextDecoder().decode(
  (await new Deno.Command("sh", { args: ["-c", "command -v tar"] }).output()).stdout,
).trim();

Deno.test("poll detects a guest that has restarted", async () => {
  await using guest = await makeGuest();
  assertEquals((await guest.update("poll", "1")).stdout, "none\n");
});

/** A NixOS of which generation 7 boots. */
async function makeNixos(config: string): Promise<Guest> {
  const guest = await makeGuest();
  await guest.write("sent/nix/x.nix", config);
  await guest.write("nix/former/bin/switch-to-configuration", logging("former"), 0o755);
  await Deno.mkdir(join(guest.dir, "nix/var/nix/profiles"), { recursive: true });
  const profiles = join(guest.dir, "nix/var/nix/profiles");
  await Deno.symlink(join(guest.dir, "nix/former"), join(profiles, "system-7-link"));
  await Deno.symlink("system-7-link", join(profiles, "system"));
  return guest;
}

/** What was made active, and what boots. */
async function switches(guest: Guest): Promise<string[]> {
  const calls = (await guest.read("calls") ?? "").replaceAll(guest.dir, "").split("\n");
  return calls.filter((call) => /^(switch|former|nix-env) /.test(call));
}

const PROFILE = "--profile /nix/var/nix/profiles/system";

Deno.test("an update of NixOS becomes what boots only when it is confirmed", async () => {
  await using guest = await makeNixos("fine\n");
  await guest.update("start", "nixos", "20");
  await guest.until("applied");
  assertEquals(await switches(guest), ["switch test"]);
  await guest.update("confirm");
  await guest.until("kept");
  const kept = ["switch test", `nix-env ${PROFILE} --set /nix/new`, "switch boot"];
  assertEquals(await switches(guest), kept);
  assertEquals(await guest.read("etc/nixos/x.nix"), "fine\n");
});

Deno.test("an update of NixOS that is not confirmed gives way to the generation that boots", async () => {
  await using guest = await makeNixos("fine\n");
  await guest.update("start", "nixos", "0");
  await guest.until("undone");
  const undone = ["switch test", `nix-env ${PROFILE} --switch-generation 7`, "former switch"];
  assertEquals(await switches(guest), undone);
});

Deno.test("an update of NixOS that does not build changes nothing", async () => {
  await using guest = await makeNixos("a typo\n");
  await guest.update("start", "nixos", "20");
  await guest.until("failed");
  assertEquals(await switches(guest), []);
});
