import { join } from "@std/path";
import { findProgram } from "../../lib/base/process/find_program.ts";
import { $ } from "../../lib/base/process/dollar.ts";
import { root as checkout } from "../../lib/base/files/paths.ts";
import { copyCheckout } from "./checkouts.ts";
import type { Sandbox, TaskOutcome } from "./harness.ts";

/** Who runs a command in a container; `me` is an ordinary user, without sudo. */
export type ContainerUser = "root" | "me";

/** Another host: a root file system with Node and npm, and a copy of this checkout for each user. */
export interface Container {
  /** The directory of its root. */
  readonly root: string;
  /** A user's checkout, as this host sees it. */
  checkoutOf(user: ContainerUser): string;
  /** Runs a command in the user's checkout; see enter_container.sh for what it may do. */
  run(
    user: ContainerUser,
    command: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>>; readonly minutes?: number },
  ): Promise<TaskOutcome>;
}

interface ContainerOptions {
  readonly suite: string;
  /** The text of `/etc/os-release`. Default: the suite's own. */
  readonly osRelease?: string;
}

/** Whether this host can make and enter containers. */
export const canContain = Deno.build.os === "linux" && Deno.uid() === 0 &&
  ["mmdebstrap", "setpriv", "unshare"].every((name) => findProgram(name) !== undefined) &&
  await $`unshare --mount --pid --fork true`.code() === 0;

const HOMES: Readonly<Record<ContainerUser, string>> = { root: "/root", me: "/home/me" };
const UIDS: Readonly<Record<ContainerUser, number>> = { root: 0, me: 1000 };

/** The certificates that this host trusts, at a path that Debian has as well. */
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

const ENTER = join(checkout, "tests/support/enter_container.sh");

/** Makes a container in a sandbox from Debian's packages: what its images for Docker have, Node, npm. */
export async function makeContainer(
  box: Sandbox,
  name: string,
  { suite, osRelease }: ContainerOptions,
): Promise<Container> {
  const root = join(box.dir, name);
  const packages = ["nodejs", "npm", "ca-certificates"].map((one) => `--include=${one}`);
  await $`mmdebstrap --quiet --variant=minbase ${packages} ${suite} ${root}`
    .env({ DEBIAN_FRONTEND: "noninteractive" }).what(`make a root of ${suite}`);
  if (osRelease !== undefined) {
    // A link to /usr/lib/os-release.
    await Deno.remove(join(root, "etc/os-release"));
    await Deno.writeTextFile(join(root, "etc/os-release"), osRelease);
  }
  await Deno.copyFile("/etc/resolv.conf", join(root, "etc/resolv.conf"));
  await Deno.copyFile(CERTIFICATES, join(root, CERTIFICATES));
  await $`chroot ${root} useradd --create-home --uid ${UIDS.me} me`;
  for (const user of ["root", "me"] as const) {
    await copyCheckout(box, join(name, HOMES[user], "guesthouse"));
    await $`chown -R ${UIDS[user]}:${UIDS[user]} ${join(root, HOMES[user])}`;
  }
  return {
    root,
    checkoutOf: (user) => join(root, HOMES[user], "guesthouse"),
    run: (user, command, options = {}) => enter(root, user, command, options),
  };
}

async function enter(
  root: string,
  user: ContainerUser,
  command: readonly string[],
  { env = {}, minutes = 5 }: Parameters<Container["run"]>[2] & object,
): Promise<TaskOutcome> {
  const child = new Deno.Command("unshare", {
    args: [
      ...["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "--"],
      ...[ENTER, root, String(UIDS[user]), HOMES[user], ...command],
    ],
    clearEnv: true,
    env: {
      ...settings(),
      ...{ HOME: HOMES[user], USER: user, TERM: "dumb", NO_COLOR: "1" },
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      ...{ NODE_EXTRA_CA_CERTS: CERTIFICATES, SSL_CERT_FILE: CERTIFICATES },
      ...env,
    },
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
    signal: AbortSignal.timeout(minutes * 60_000),
  });
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** How this host reaches registries. */
const settings = () =>
  Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) =>
      /^(?:https?|all|no)_proxy$|^npm_config_/i.test(name)
    ),
  );
