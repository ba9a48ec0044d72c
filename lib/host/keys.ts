import { join } from "@std/path";
import { acquireLock } from "./lock.ts";
import { keysDir, locksDir } from "./paths.ts";
import { runChecked } from "./process.ts";

/** The keys of a checkout: who it is to its guests, and who its guests are to it. */
export interface Keys {
  /** Path of the private key that logs in to guests. */
  readonly clientKey: string;
  /** The matching line for `authorized_keys`. */
  readonly clientPublic: string;
  /** OpenSSH private host key, as text, that every guest of this checkout gets. */
  readonly hostSecret: string;
  /** The matching `ssh-ed25519 AAAA...`, which is pinned. */
  readonly hostPublic: string;
}

const CLIENT_KEY = "client_ed25519";
const HOST_KEY = "guest_ed25519";

/** Makes the checkout's two ed25519 key pairs, once. */
export async function ensureKeys(signal?: AbortSignal): Promise<Keys> {
  const clientKey = join(keysDir(), CLIENT_KEY);
  const hostKey = join(keysDir(), HOST_KEY);
  await using _lock = await acquireLock(join(locksDir(), "keys"), { signal });
  await Deno.mkdir(keysDir(), { recursive: true });
  await Deno.chmod(keysDir(), 0o700);
  await ensurePair(clientKey, signal);
  await ensurePair(hostKey, signal);
  return {
    clientKey,
    clientPublic: await publicPart(clientKey),
    hostSecret: await Deno.readTextFile(hostKey),
    hostPublic: await publicPart(hostKey),
  };
}

/** The public parts of the checkout's keys, where it has made them. */
export async function findPublicKeys(): Promise<
  Pick<Keys, "clientPublic" | "hostPublic"> | undefined
> {
  try {
    return {
      clientPublic: await publicPart(join(keysDir(), CLIENT_KEY)),
      hostPublic: await publicPart(join(keysDir(), HOST_KEY)),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function ensurePair(path: string, signal?: AbortSignal): Promise<void> {
  if (await exists(path) && await exists(`${path}.pub`)) return;
  // ssh-keygen asks before it replaces a file; half a pair is what a killed run left.
  await Deno.remove(path).catch(() => {});
  await Deno.remove(`${path}.pub`).catch(() => {});
  await runChecked(
    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "guesthouse", "-f", path],
    { signal, what: "make an SSH key" },
  );
}

/** `TYPE BASE64`, without the comment. */
async function publicPart(path: string): Promise<string> {
  const [type, key] = (await Deno.readTextFile(`${path}.pub`)).split(" ");
  return `${type} ${key}`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
