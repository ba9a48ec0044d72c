import type { Tool } from "./tool.ts";

const XCODE = { brew: ["xcode-select", "--install"] } as const;

/** What builds a project on the host itself. */
export const NATIVE_TOOLS: readonly Tool[] = [
  {
    name: "cmake",
    programs: ["cmake"],
    groups: ["native"],
    purpose: "builds on the host",
    versionArgs: ["--version"],
    minimum: "3.13", // the first with -S and -B
    packages: { apt: "cmake", brew: "cmake", dnf: "cmake", pacman: "cmake", nix: "cmake" },
  },
  {
    name: "c++",
    programs: ["c++", "g++", "clang++"],
    groups: ["native"],
    purpose: "compiles on the host",
    versionArgs: ["--version"],
    versionPattern: /(?:\) |version )(\d+(?:\.\d+)+)/,
    packages: { apt: "g++", dnf: "gcc-c++", pacman: "gcc", nix: "gcc" },
    command: XCODE,
  },
  {
    name: "make",
    programs: ["make", "gmake"],
    groups: ["native", "kernel"],
    purpose: "builds on the host",
    versionArgs: ["--version"],
    packages: { apt: "make", dnf: "make", pacman: "make", nix: "gnumake" },
    command: XCODE,
  },
];
