import { join } from "@std/path";
import { HostError, type TaskError, WorkError } from "../../../base/errors.ts";
import type { RunOptions } from "../../../base/process/run.ts";
import { $ } from "../../../base/process/dollar.ts";

interface PackageSource {
  /** Where packages are taken from; of several versions, the newest. See {@link withUpdates}. */
  readonly suites: readonly string[];
  /** Debian's name of the architecture, e.g. `arm64`. */
  readonly debArch: string;
}

/** The release that image parts are taken from. */
export const SUITE = "bookworm";

const SITE = "http://deb.debian.org";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** What apt says of a file that it could not download, which a new try may. */
const NETWORK = /Failed to fetch|Could not (?:resolve|connect)|Unable to connect/;

/** A failure of apt in its own words; what the network is to blame for is not about packages. */
export function explainApt(what: string, stderr: string): TaskError {
  const lines = stderr.split("\n").filter(Boolean);
  if (!NETWORK.test(stderr)) {
    return new WorkError(`Cannot get Debian's packages: ${what}`, { details: lines.slice(-6) });
  }
  return new HostError("Cannot get Debian's packages: the network does not give all of them", {
    details: lines.slice(-6),
    next: `check that ${SITE} can be reached (apt uses http_proxy), and run the task again`,
  });
}

/** A release with its updates. */
export const withUpdates = (suite: string): string[] => [
  suite,
  `${suite}-updates`,
  `${suite}-security`,
];

/** The file that tells apt where the packages of suites come from. */
export const sourcesList = (suites: readonly string[]): string =>
  suites.map((suite) => {
    const path = suite.endsWith("-security") ? "debian-security" : "debian";
    return `deb [signed-by=${KEYRING}] ${SITE}/${path} ${suite} main\n`;
  }).join("");

/** Debian's packages for an architecture, whatever the host's own apt knows of. */
interface Apt {
  /** The packages that a package depends on, by name. */
  depends(name: string): Promise<string[]>;
  /** The versions of a package, newest first. */
  versions(name: string): Promise<string[]>;
  /**
   * Downloads a package, whose signature chain apt checks, and unpacks it into a directory. The name
   * may have a version: `NAME=VERSION`.
   */
  unpack(name: string, dir: string): Promise<void>;
}

/**
 * Reads the package lists into our own directory (10 s), without root. Throws {@link HostError}.
 */
export async function openApt(
  dir: string,
  { suites, debArch }: PackageSource,
  options: Pick<RunOptions, "signal" | "onOutput">,
): Promise<Apt> {
  const state = join(dir, "state");
  await Deno.mkdir(join(state, "lists/partial"), { recursive: true });
  await Deno.mkdir(join(dir, "cache/archives/partial"), { recursive: true });
  await Deno.writeTextFile(join(state, "status"), "");
  await Deno.writeTextFile(join(dir, "sources.list"), sourcesList(suites));
  const settings = [
    `Dir::State=${state}`,
    `Dir::State::status=${join(state, "status")}`,
    `Dir::Cache=${join(dir, "cache")}`,
    `Dir::Etc::SourceList=${join(dir, "sources.list")}`,
    "Dir::Etc::SourceParts=/dev/null",
    "Dir::Etc::Preferences=/dev/null",
    "Dir::Etc::PreferencesParts=/dev/null",
    `APT::Architecture=${debArch}`,
    `APT::Architectures=${debArch}`,
    "Acquire::Languages=none",
    "Acquire::Retries=3",
    // Otherwise apt would ignore a list that is currently unavailable, and continue with older
    // packages.
    "APT::Update::Error-Mode=any",
    // The directory is ours, and apt's own user could not write there.
    "APT::Sandbox::User=root",
  ].flatMap((setting) => ["--option", setting]);
  const apt = async (program: "apt-get" | "apt-cache", args: string[], cwd?: string) => {
    const { code, stdout, stderr } = await $`${program} ${settings} ${args}`
      .with({ ...options, cwd }).noThrow();
    if (code === 0) return stdout;
    throw explainApt(`${program} ended with status ${code}`, stderr);
  };
  await apt("apt-get", ["--quiet=2", "update"]);
  return {
    async depends(name) {
      const text = await apt("apt-cache", ["depends", "--no-recommends", name]);
      return [...text.matchAll(/^ {2}Depends: ([^\s<:]+)/gm)].map(([, found = ""]) => found);
    },
    async versions(name) {
      const text = await apt("apt-cache", ["madison", name]);
      return [...new Set(text.split("\n").map((line) => line.split("|")[1]?.trim() ?? ""))]
        .filter(Boolean);
    },
    async unpack(name, target) {
      const debs = await Deno.makeTempDir({ dir });
      await apt("apt-get", ["--quiet=2", "download", name], debs);
      for await (const { name: deb } of Deno.readDir(debs)) {
        await $`dpkg-deb --extract ${join(debs, deb)} ${target}`.with(options)
          .what(`unpack ${name}`);
      }
      await Deno.remove(debs, { recursive: true });
    },
  };
}
