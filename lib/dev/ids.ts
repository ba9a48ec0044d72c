import type { Ids } from "./share/share.ts";

/** The guest's user if the host's user is root, since root may not log in. */
const FOR_ROOT: Ids = { uid: 1000, gid: 1000 };

/** Who runs the task. */
export function hostIds(): Ids {
  return { uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 };
}

/** The guest's user, chosen so that the host's user and the guest's own the same files. */
export function guestIds(host: Ids = hostIds()): Ids {
  return host.uid === 0 ? FOR_ROOT : host;
}
