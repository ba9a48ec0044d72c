import { $ } from "../../base/process/dollar.ts";
import type { Ids } from "./share.ts";

/**
 * How the host's user and the guest's come to own the same files:
 * - `same`: they have the same number, so files are passed on as they are.
 * - `namespace`: the program that serves the files runs in a user namespace in which the host's
 * user
 *   has the number of the guest's. `wrapper` goes in front of its command.
 * - `recorded`: the guest's owners and modes are written into extended attributes of the host's
 *   files. The guest then sees files of the host as root's, so it is only the last resort.
 */
type Ownership =
  | { readonly kind: "same" }
  | { readonly kind: "namespace"; readonly wrapper: readonly string[] }
  | { readonly kind: "recorded" };

/** The words before a command that give the caller these ids in it (util-linux 2.36). */
export function namespaceWrapper(guest: Ids): string[] {
  return ["unshare", "--user", `--map-user=${guest.uid}`, `--map-group=${guest.gid}`, "--"];
}

/** Chooses how ownership is mapped; tries a user namespace, which containers may forbid. */
export async function chooseOwnership(
  host: Ids,
  guest: Ids,
  options: { readonly os?: typeof Deno.build.os; readonly signal?: AbortSignal } = {},
): Promise<Ownership> {
  // Only root's QEMU would change the owner of files as the guest says; others own what they
  // create. So a different group does no harm, and root cannot have the guest's id.
  if (host.uid === guest.uid) return { kind: "same" };
  const { os = Deno.build.os, signal } = options;
  if (os !== "linux") return { kind: "recorded" };
  const wrapper = namespaceWrapper(guest);
  return await canRun([...wrapper, "true"], signal)
    ? { kind: "namespace", wrapper }
    : { kind: "recorded" };
}

async function canRun(command: readonly string[], signal?: AbortSignal): Promise<boolean> {
  try {
    return await $`${command}`.with({ signal, timeoutMs: 5000 }).code() === 0;
  } catch (error) {
    if (signal?.aborted || error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}
