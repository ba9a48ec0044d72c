import { join } from "@std/path";
import { createLog } from "../base/terminal/log.ts";
import { dirNames } from "../base/files/directories.ts";
import { publicKeyOf } from "./key_file.ts";
import { acquireLock } from "../base/files/lock.ts";
import { readTextIfPresent } from "../base/files/read_text.ts";
import { keysDir, locksDir } from "../base/files/paths.ts";
import { syncPath } from "../base/files/atomic_write.ts";
import { publish } from "../store/publish.ts";
import { $ } from "../base/process/dollar.ts";

/** The keys of a checkout: for its logins to guests, and for the identity of its guests. */
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

/**
 * Makes the checkout's two ed25519 key pairs, once. A private key that is damaged is made again,
 * which
 * `onNote` is told of (default: a warning on standard error).
 */
export async function ensureKeys(
  signal?: AbortSignal,
  onNote: (text: string) => void = (text) => createLog().warn(text),
): Promise<Keys> {
  const clientKey = join(keysDir(), CLIENT_KEY);
  const hostKey = join(keysDir(), HOST_KEY);
  await using _lock = await acquireLock(join(locksDir(), "keys"), { signal });
  await Deno.mkdir(keysDir(), { recursive: true });
  await Deno.chmod(keysDir(), 0o700);
  const clientPublic = await ensurePair(clientKey, { signal, onNote });
  const hostPublic = await ensurePair(hostKey, { signal, onNote });
  const hostSecret = await Deno.readTextFile(hostKey);
  return { clientKey, clientPublic, hostSecret, hostPublic };
}

/** The public parts of the checkout's keys, if they exist and are intact. */
export async function findPublicKeys(): Promise<
  Pick<Keys, "clientPublic" | "hostPublic"> | undefined
> {
  const clientPublic = await publicKeyOf(
    await readTextIfPresent(join(keysDir(), CLIENT_KEY)) ?? "",
  );
  const hostPublic = await publicKeyOf(await readTextIfPresent(join(keysDir(), HOST_KEY)) ?? "");
  return clientPublic && hostPublic ? { clientPublic, hostPublic } : undefined;
}

/** Ensures that there are a private key and the file with its public part, which is returned. */
async function ensurePair(
  path: string,
  { signal, onNote }: { readonly signal?: AbortSignal; readonly onNote: (text: string) => void },
): Promise<string> {
  const text = await readTextIfPresent(path);
  const known = await publicKeyOf(text ?? "");
  if (known !== undefined) {
    const line = await readTextIfPresent(`${path}.pub`);
    if (line?.startsWith(`${known} `)) return known;
    // It follows from the private key, which guests know us by.
    await using work = await makeWorkDir();
    await Deno.writeTextFile(join(work.path, "pub"), `${known} guesthouse\n`, { mode: 0o644 });
    await moveSynced(join(work.path, "pub"), `${path}.pub`);
    return known;
  }
  if (text !== undefined) {
    onNote(
      `The SSH key ${path} is damaged, so a new one is made. Guests that are up know the old one: ` +
        "end them with deno task vm-stop --all and deno task arm-dev-kill",
    );
  }
  await using work = await makeWorkDir();
  const made = join(work.path, "key");
  await $`ssh-keygen -q -t ed25519 -N ${""} -C guesthouse -f ${made}`.signal(signal)
    .what("make an SSH key");
  const publicKey = await publicKeyOf(await Deno.readTextFile(made));
  if (publicKey === undefined) throw new TypeError("ssh-keygen has made a key of another format");
  await moveSynced(made, path);
  await moveSynced(`${made}.pub`, `${path}.pub`);
  return publicKey;
}

const WORK_PREFIX = "new-";

/**
 * A directory beside the keys for those that are not whole yet. The caller holds the keys' lock.
 */
async function makeWorkDir() {
  for (const name of await dirNames(keysDir())) {
    // A killed task's.
    if (name.startsWith(WORK_PREFIX)) await Deno.remove(join(keysDir(), name), { recursive: true });
  }
  const path = await Deno.makeTempDir({ dir: keysDir(), prefix: WORK_PREFIX });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Renames a file once its bytes are on the disk, and syncs the new name, too. */
async function moveSynced(from: string, to: string): Promise<void> {
  await syncPath(from);
  await publish([{ from, to }]);
}
