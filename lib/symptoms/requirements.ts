import { REBUILD, symptoms } from "./symptom.ts";

/** A project's own steps can install packages. */
const AS_A_STEP =
  'A step of the project can install packages: ["sudo", "apt-get", "install", "-y", "PACKAGE"].';
const LOOK_FOR_STEPS = "grep -n steps guesthouse.json";

/**
 * What a project expects of the machine that builds it. CMake writes "-- " before "Could NOT find" if
 * the project can do without.
 */
export const REQUIREMENTS = symptoms({ where: ["task"], endsBoot: false }, [
  {
    id: "git-missing",
    patterns: [/could not find git for clone of (?<what>\S+)/, /^\s*Could NOT find Git\b/],
    says: "could not find git for clone of …",
    title: "git is not installed where {what|the project} is built",
    cause:
      "FetchContent and ExternalProject clone with git. guesthouse's Debian guests have it since " +
      "their recipe lists it; an older image does not.",
    fix: [REBUILD, "deno task vm-run {guest} -- git --version"],
  },
  {
    id: "certificates",
    patterns: [
      /SSL certificate problem: (?<reason>.+)/,
      /server certificate verification failed\. (?<reason>.+)/,
      /CERTIFICATE_VERIFY_FAILED\]? (?<reason>.+)/,
      /error setting certificate (?:verify locations|file)/,
    ],
    says: "SSL certificate problem: …",
    title: "a server's certificate was not accepted: {reason|there are no certificates}",
    cause:
      "The guest has no certificates of authorities (an image from before ca-certificates was in " +
      "its recipe), or the server's is signed by one that it does not know, such as a company's.",
    fix: [
      REBUILD,
      "deno task vm-run {guest} -- ls -l /etc/ssl/certs/ca-certificates.crt",
      LOOK_FOR_STEPS,
    ],
  },
  {
    id: "pkg-config-missing",
    patterns: [
      /^\s*Could NOT find PkgConfig\b/,
      /pkg-config: (?:command )?not found/,
      /The pkg-config script could not be found/,
    ],
    says: "Could NOT find PkgConfig (missing: PKG_CONFIG_EXECUTABLE)",
    title: "pkg-config is not installed",
    cause:
      "guesthouse's Debian guests have it since their recipe lists it; an older image does not.",
    fix: [REBUILD, "deno task vm-run {guest} -- pkg-config --version"],
  },
  {
    id: "python-missing",
    patterns: [
      /^\s*Could NOT find Python(?:3|Interp)?\b/,
      /(?:^|[\s:'‘])python(?:3[\d.]*)?['’]?: (?:command not found|not found|No such file or directory)/,
    ],
    says: "Could NOT find Python3 (missing: …)",
    title: "Python is not found",
    cause:
      "guesthouse's Debian guests have python3 since their recipe lists it, but no `python`, and " +
      "no headers for components such as Development (python3-dev). " + AS_A_STEP,
    fix: [REBUILD, "deno task vm-run {guest} -- python3 --version", LOOK_FOR_STEPS],
  },
  {
    id: "package-missing",
    patterns: [
      /^\s*Could NOT find (?<package>[\w.+-]+)/,
      /Package '?(?<package>[\w.+-]+)'?(?:, required by '[^']*',)? (?:was )?not found/,
      /No package '(?<package>[^']*)' found/,
    ],
    says: "Could NOT find … (missing: …)",
    title: "{package} is not installed where the project is built",
    cause: "Guests have compilers, CMake and few libraries. " + AS_A_STEP,
    fix: [
      LOOK_FOR_STEPS,
      "deno task build-vm {guest} --keep",
      "deno task vm-ssh {guest} -- apt-cache search {package}",
    ],
  },
  {
    id: "program-missing",
    patterns: [
      /^(?:\/\S+\/)?(?:sh|dash|bash): (?:(?:line )?\d+: )?(?<program>[\w.+-]+): (?:command )?not found$/,
      /env: ['‘](?<program>[\w.+-]+)['’]: No such file or directory/,
    ],
    says: "sh: 1: …: not found",
    // Scripts try programs and do without.
    role: "hint",
    title: "the program {program} is not installed",
    cause: "A script of the build looked for it on the PATH. " + AS_A_STEP,
    fix: [LOOK_FOR_STEPS, "deno task vm-run {guest} -- which {program}"],
  },
]);
