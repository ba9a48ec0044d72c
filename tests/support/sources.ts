import { join } from "@std/path";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Fetches a Debian source package with the host's own apt sources, which need not list source
 * packages, and unpacks it below `dir`; returns the unpacked directory.
 */
export async function fetchSource(name: string, dir: string): Promise<string> {
  const apt = join(dir, "apt");
  await Deno.mkdir(join(apt, "lists/partial"), { recursive: true });
  const targets = await output([
    ...["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI) $(CODENAME) $(COMPONENT)"],
    "Created-By: Packages",
  ]);
  const sources = new Set(
    targets.split("\n").map((line) => line.split(" "))
      .filter(([origin, , suite, component]) =>
        origin === "Debian" && component === "main" && !suite?.includes("-")
      )
      // Debian's keyring is there wherever mmdebstrap can build Debian images.
      .map(([, uri, suite]) => `deb-src [signed-by=${KEYRING}] ${uri} ${suite} main\n`),
  );
  const list = join(apt, "sources.list");
  await Deno.writeTextFile(list, [...sources].join(""));
  const options = [
    ...["-o", `Dir::Etc::SourceList=${list}`, "-o", "Dir::Etc::SourceParts=/dev/null"],
    ...["-o", `Dir::State::Lists=${join(apt, "lists")}`, "-o", "APT::Sandbox::User=root"],
    ...["-o", "Dir::Cache::srcpkgcache=", "-o", "Dir::Cache::pkgcache="],
  ];
  const below = join(dir, "sources");
  await Deno.mkdir(below, { recursive: true });
  await output(["apt-get", "-qq", ...options, "update"]);
  await output(["apt-get", "-qq", ...options, "source", name], below);
  for await (const entry of Deno.readDir(below)) {
    if (entry.isDirectory) return join(below, entry.name);
  }
  throw new Error(`apt-get source ${name} left no directory`);
}

async function output(command: readonly string[], cwd?: string): Promise<string> {
  const [program = "", ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, { args, cwd }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`${command.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}
