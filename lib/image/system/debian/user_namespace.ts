import { HostError } from "../../../base/errors.ts";
import { denoTaskText } from "../../../base/process/deno_task.ts";
import { $ } from "../../../base/process/dollar.ts";
import { asUser } from "../../../base/process/remove_tree.ts";

/** Settings that forbid user namespaces to ordinary users: the one of Ubuntu, and of Debian. */
const SETTINGS = [
  { name: "kernel.apparmor_restrict_unprivileged_userns", forbids: "1", allows: "0" },
  { name: "kernel.unprivileged_userns_clone", forbids: "0", allows: "1" },
] as const;

/**
 * Ensures that this user can build a root file system: root can, and others need a user namespace
 * with the ids of `/etc/subuid`. Throws {@link HostError} before anything is downloaded.
 */
export async function checkUserNamespace(
  signal: AbortSignal,
  { isRoot = Deno.uid() === 0 }: { readonly isRoot?: boolean } = {},
): Promise<void> {
  if (isRoot) return;
  const { code, stderr } = await $`${asUser(["true"])}`.signal(signal).noThrow()
    .env({ LC_ALL: "C" });
  if (code === 0) return;
  const asRoot = `run it as root: ${denoTaskText("setup-images", ["--yes"])}`;
  if (/\/etc\/sub[ug]id/.test(stderr)) {
    throw refusal("this user has no subordinate user ids", stderr, {
      next: 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"',
    });
  }
  for (const { name, forbids, allows } of SETTINGS) {
    if (await setting(name, signal) !== forbids) continue;
    const next = `sudo sysctl ${name}=${allows}, or ${asRoot}`;
    throw refusal("this host forbids user namespaces", `${name} is ${forbids}`, { next });
  }
  throw refusal("this host forbids user namespaces, as most containers do", stderr, {
    next: asRoot,
  });
}

const refusal = (why: string, detail: string, { next }: { readonly next: string }) =>
  new HostError(`Cannot build images without root: ${why}`, { details: [detail.trim()], next });

/** Deno itself opens nothing below /proc without all permissions. */
async function setting(name: string, signal: AbortSignal): Promise<string> {
  const path = `/proc/sys/${name.replaceAll(".", "/")}`;
  return (await $`cat ${path}`.signal(signal).noThrow().text()).trim();
}
