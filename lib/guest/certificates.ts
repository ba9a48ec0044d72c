import { WorkError } from "../base/errors.ts";
import type { GuestCommands } from "./guest_commands.ts";
import type { SshConnection } from "./ssh.ts";

/** Variables that name a file of the certificates that the host's programs trust. */
const VARIABLES = [
  ...["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"],
  ...["GIT_SSL_CAINFO", "PIP_CERT"],
];

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** A system's own certificates take 0.2 MiB. */
const MOST_BYTES = 4 * 2 ** 20;

/**
 * The certificates in the files that the host's variables name, each once; nothing else of those
 * files leaves the host, such as a key. A file that cannot be read is told to `onNote`.
 */
export async function hostCertificates(onNote: (line: string) => void): Promise<string> {
  const found = new Set<string>();
  const paths = VARIABLES.map((name) => [name, Deno.env.get(name) ?? ""] as const);
  for (const [path, name] of new Map(paths.map(([name, path]) => [path, name]))) {
    if (path === "") continue;
    try {
      const { isFile, size } = await Deno.stat(path);
      if (!isFile || size > MOST_BYTES) throw new Error("it is not a file of certificates");
      for (const [pem] of (await Deno.readTextFile(path)).matchAll(CERTIFICATE)) found.add(pem);
    } catch (error) {
      const why = (error as Error).message.replace(/ \(os error \d+\).*/s, "");
      onNote(`certificates: ${name}=${path} is left out: ${why}`);
    }
  }
  return [...found].map((pem) => `${pem}\n`).join("");
}

/**
 * Has a guest trust what the host's variables name. Returns the variables by which its programs
 * find the certificates that they do not look for among the system's own; none if there are none.
 */
export async function trustHostCertificates(
  ssh: Pick<SshConnection, "exec" | "name">,
  { trust }: Pick<GuestCommands, "trust">,
  { onNote, signal }: {
    readonly onNote: (line: string) => void;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Record<string, string>> {
  const pem = await hostCertificates(onNote);
  if (pem === "") return {};
  const { code } = await ssh.exec(trust.add, { stdin: pem, ...(signal && { signal }) });
  if (code !== 0) {
    throw new WorkError(`Cannot install the host's certificates in guest "${ssh.name}"`, {
      details: [`status ${code}`],
      next: `unset ${VARIABLES.filter((name) => Deno.env.get(name)).join(" ")}`,
    });
  }
  return Object.fromEntries(VARIABLES.map((name) => [name, trust.bundle]));
}
