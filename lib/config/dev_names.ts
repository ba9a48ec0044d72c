export const FLAVOURS = ["nixos", "debian"] as const;

/** What the guest runs: NixOS, or Debian, which is ready in minutes. */
export type FlavourName = typeof FLAVOURS[number];

export const SHARE_MODES = ["9p", "virtiofs", "rsync"] as const;

/** How the guest sees the project: a mount of the host's directory, or a copy. */
export type ShareMode = typeof SHARE_MODES[number];

/** The architecture of dev guests. */
export const DEV_ARCH = "aarch64";
