import { RUST_TEST_TOOLS } from "./rust_tools.ts";
import type { Tool } from "./tool.ts";

/** Browsers that all take the options of the first. */
export const BROWSERS: readonly string[] = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];

/** What only the tests need. */
export const TEST_TOOLS: readonly Tool[] = [
  {
    name: "ps",
    programs: ["ps"],
    groups: ["test"],
    purpose: "finds what a test has left behind",
    packages: { apt: "procps", dnf: "procps-ng", pacman: "procps-ng" },
  },
  {
    name: "git",
    programs: ["git"],
    groups: ["test"],
    purpose: "makes work trees for tests",
    versionArgs: ["--version"],
    packages: { apt: "git", brew: "git", dnf: "git-core", pacman: "git", nix: "git" },
  },
  {
    name: "dpkg-source",
    programs: ["dpkg-source"],
    groups: ["test"],
    purpose: "unpacks the projects that tests build",
    versionArgs: ["--version"],
    packages: { apt: "dpkg-dev", dnf: "dpkg-dev", nix: "dpkg" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "mkfs.vfat",
    programs: ["mkfs.vfat", "/usr/sbin/mkfs.vfat"],
    groups: ["test"],
    purpose: "makes the firmware partition of a disk that is like NixOS's",
    packages: { apt: "dosfstools", dnf: "dosfstools", pacman: "dosfstools", nix: "dosfstools" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "nix-instantiate",
    programs: ["nix-instantiate"],
    groups: ["test"],
    purpose: "evaluates the NixOS guest's configuration",
    versionArgs: ["--version"],
    minimum: "2.6", // the first with builtins.zipAttrsWith
    packages: { apt: "nix-bin", nix: "nix" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "script",
    programs: ["script"],
    groups: ["test"],
    purpose: "gives tasks a terminal in tests",
    packages: { apt: "bsdutils", dnf: "util-linux", pacman: "util-linux", nix: "util-linux" },
    neededIf: (need) => need.os === "linux",
  },
  ...RUST_TEST_TOOLS,
  {
    name: "zsh",
    programs: ["zsh"],
    groups: ["test"],
    purpose: "runs its completion script in tests",
    packages: { apt: "zsh", brew: "zsh", dnf: "zsh", pacman: "zsh", nix: "zsh" },
  },
  {
    name: "fish",
    programs: ["fish"],
    groups: ["test"],
    purpose: "runs its completion script in tests",
    packages: { apt: "fish", brew: "fish", dnf: "fish", pacman: "fish", nix: "fish" },
  },
  {
    name: "chromium",
    programs: BROWSERS,
    groups: ["browser"],
    purpose: "shows to tests the pages that tasks write",
    packages: { apt: "chromium", dnf: "chromium", pacman: "chromium", nix: "chromium" },
    // Ubuntu's package is a snap, which containers cannot run.
    neededIf: (need) => need.os === "linux" && need.distroId !== "ubuntu",
  },
];
