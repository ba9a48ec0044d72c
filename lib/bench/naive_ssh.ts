import { join } from "@std/path";
import { GuestError } from "../base/errors.ts";
import { quoteWord } from "../guest/quote.ts";
import { rsyncShell } from "../guest/rsync_args.ts";
import { HOST_KEY_ALIAS, knownHostsLine } from "../guest/ssh_config.ts";
import { run, type RunResult } from "../base/process/process.ts";

/** Where {@link naiveSsh} logs in. */
export interface NaiveTarget {
  /** The guest's name, for messages. */
  readonly name: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** `ssh-ed25519 AAAA...` */
  readonly hostPublic: string;
  /** A private directory for its files. */
  readonly dir: string;
  readonly signal: AbortSignal;
}

/** Logs in with a password, once for every command. */
export interface NaiveSsh {
  /** Whether a login works, found out by trying. */
  answers(): Promise<boolean>;
  /** Runs a command line in the guest's shell. Throws {@link GuestError} unless it succeeds. */
  exec(text: string): Promise<void>;
  /** Copies a directory's content. Throws {@link GuestError} unless it succeeds. */
  copy(hostDir: string, guestDir: string): Promise<void>;
}

/** How long a connection may take: as much as scripts usually give it. */
const CONNECT_SECONDS = 5;

/** OpenSSH as it comes, but for the password and the pinned host key. */
export async function naiveSsh(target: NaiveTarget): Promise<NaiveSsh> {
  const { name, dir, signal } = target;
  const [config, knownHosts] = [join(dir, "naive.conf"), join(dir, "naive_known_hosts")];
  const [askpass, password] = [join(dir, "askpass"), join(dir, "password")];
  await Deno.writeTextFile(password, `${target.password}\n`, { mode: 0o600 });
  await Deno.writeTextFile(askpass, `#!/bin/sh\nexec cat ${quoteWord(password)}\n`, {
    mode: 0o700,
  });
  await Deno.writeTextFile(knownHosts, knownHostsLine(target.hostPublic));
  await Deno.writeTextFile(config, configText(target, knownHosts));
  // OpenSSH 8.4 or newer asks the program for the password even where there is a terminal.
  const env = { LC_ALL: "C", SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: "force" };
  const ssh = ["ssh", "-F", config];
  const check = async (what: string, running: Promise<RunResult>) => {
    const { code, stdout, stderr } = await running;
    if (code === 0) return;
    const details = (stderr.trim() || stdout.trim()).split("\n").slice(-6);
    throw new GuestError(`Cannot ${what} in guest "${name}": status ${code}`, { details });
  };
  return {
    answers: async () => (await run([...ssh, "naive", "true"], { env, signal })).code === 0,
    exec: (text) => check(`run "${text}"`, run([...ssh, "naive", text], { env, signal })),
    copy: (hostDir, guestDir) =>
      check(
        `copy "${hostDir}"`,
        run(["rsync", "-a", "-e", rsyncShell(config), `${hostDir}/`, `naive:${guestDir}/`], {
          env,
          signal,
        }),
      ),
  };
}

function configText({ port, user }: NaiveTarget, knownHosts: string): string {
  return `Host naive
HostName 127.0.0.1
Port ${port}
User ${user}
PubkeyAuthentication no
PreferredAuthentications password
NumberOfPasswordPrompts 1
StrictHostKeyChecking yes
UserKnownHostsFile "${knownHosts}"
GlobalKnownHostsFile /dev/null
HostKeyAlias ${HOST_KEY_ALIAS}
ConnectTimeout ${CONNECT_SECONDS}
LogLevel ERROR
`;
}
