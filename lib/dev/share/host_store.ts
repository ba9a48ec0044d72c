import { join } from "@std/path";
import { devCommands } from "../state/dev_commands.ts";
import { GuestError, HostError } from "../../base/errors.ts";
import { execText } from "../../guest/exec_text.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import { p9Args } from "../../qemu/share_args.ts";
import type { Share } from "./share.ts";
import { devSource } from "../state/shell.ts";

/** The name under which the guest mounts the host's store. */
const TAG = "host-store";

/** Where the host's Nix is (`GUESTHOUSE_HOST_STORE`). */
const hostStoreDir = (): string => Deno.env.get("GUESTHOUSE_HOST_STORE") || "/nix";

/** Adds the host's Nix store to a share, read-only, so that the guest need not fetch sources. */
export function withHostStore(
  share: Share,
  { user, dir = hostStoreDir(), signal }: {
    readonly user: string;
    readonly dir?: string;
    readonly signal: AbortSignal;
  },
): Share {
  return {
    ...share,
    qemuArgs: () => [
      ...share.qemuArgs(),
      ...p9Args({ dir, security: "none", readOnly: true, id: "store0", tag: TAG }),
    ],
    async beforeStart() {
      await requireHostStore(dir);
      return await share.beforeStart();
    },
    async afterStart(ssh) {
      await mountHostStore(ssh, user, signal);
      await share.afterStart(ssh);
    },
  };
}

/** Throws {@link HostError} if the host has no Nix store. */
export async function requireHostStore(dir: string): Promise<void> {
  for (const part of ["store", "var/nix/db/db.sqlite"]) {
    const path = join(dir, part);
    if (await Deno.stat(path).then(() => true, () => false)) continue;
    throw new HostError("Cannot share the host's Nix store: this host has none", {
      details: [`missing: ${path}`],
      next: "leave --host-store out, or install Nix",
    });
  }
}

async function mountHostStore(ssh: SshConnection, user: string, signal: AbortSignal) {
  const words = ["sh", "-c", devSource("host_store.sh"), "host-store", TAG, user];
  const { code, lastLines } = await execText(ssh, devCommands.asRoot(words), { signal });
  if (code === 0) return;
  throw new GuestError(`Cannot use the host's Nix store in guest "${ssh.name}"`, {
    details: lastLines(4),
    next: "leave --host-store out",
  });
}
