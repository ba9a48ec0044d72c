/** Variables that name a file of the certificates that the host's programs trust. */
const VARIABLES = [
  ...["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"],
  ...["GIT_SSL_CAINFO", "PIP_CERT"],
];

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** A system's own certificates take 0.2 MiB. */
const MOST_BYTES = 4 * 2 ** 20;

/** What the host's variables name. */
export interface HostCertificates {
  /** Each certificate once, and nothing else of those files, such as a key. */
  readonly pem: string;
  /** Which files are left out, and why. */
  readonly notes: readonly string[];
}

/** Reads the certificates in the files that the host's variables name. */
export async function hostCertificates(): Promise<HostCertificates> {
  const found = new Set<string>();
  const notes: string[] = [];
  const paths = VARIABLES.map((name) => [name, Deno.env.get(name) ?? ""] as const);
  for (const [path, name] of new Map(paths.map(([name, path]) => [path, name]))) {
    if (path === "") continue;
    try {
      const { isFile, size } = await Deno.stat(path);
      if (!isFile || size > MOST_BYTES) throw new Error("it is not a file of certificates");
      for (const [pem] of (await Deno.readTextFile(path)).matchAll(CERTIFICATE)) found.add(pem);
    } catch (error) {
      const why = (error as Error).message.replace(/ \(os error \d+\).*/s, "");
      notes.push(`certificates: ${name}=${path} is left out: ${why}`);
    }
  }
  return { pem: [...found].map((pem) => `${pem}\n`).join(""), notes };
}

/**
 * The variables by which a guest's programs find certificates that they do not look for among the
 * system's own: all name the file of those. None if the host names no certificates.
 */
export const certificateVariables = (
  { pem }: Pick<HostCertificates, "pem">,
  bundle: string,
): Record<string, string> =>
  pem === "" ? {} : Object.fromEntries(VARIABLES.map((name) => [name, bundle]));
