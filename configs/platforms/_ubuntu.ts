import type { PlatformInput } from "../../lib/config/platform.ts";

/** Where Canonical publishes the images of 24.04, with their checksums and a signature. */
const RELEASE = "https://cloud-images.ubuntu.com/releases/24.04/release";

/**
 * The key that signs them: "UEC Image Automatic Signing Key <cdimage@ubuntu.com>", in Ubuntu's
 * package `ubuntu-cloudimage-keyring`, as `/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg`.
 */
const FINGERPRINT = "D2EB44626FDDC30B513D5BB71A5D6C4C7DB87C81";

/** What builds CMake projects in C++, besides what is in the image. */
const PACKAGES: readonly string[] = [
  ...["cmake", "g++", "make", "ninja-build", "ccache", "pkg-config", "rsync"],
  ...["libx11-dev", "libxext-dev", "libncurses-dev"],
];

/** The image of an Ubuntu platform, by Debian's name for its architecture. */
export const ubuntuImage = (arch: "amd64" | "arm64"): PlatformInput["image"] => ({
  kind: "ubuntu",
  source: {
    url: `${RELEASE}/ubuntu-24.04-server-cloudimg-${arch}.img`,
    // Whatever its name says.
    format: "qcow2",
    checksums: {
      url: `${RELEASE}/SHA256SUMS`,
      algorithm: "sha256",
      signature: {
        url: `${RELEASE}/SHA256SUMS.gpg`,
        fingerprint: FINGERPRINT,
        key: "configs/keys/ubuntu-cloud-images.asc",
        keyUrl: `https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x${FINGERPRINT}`,
      },
    },
  },
  packages: PACKAGES,
  diskGiB: 20,
  provision: "provision/ubuntu.sh",
});

/** A whole distribution boots, with GRUB before it: minutes, where it is emulated. */
export const TIMEOUTS = { bootMs: 600_000, shutdownMs: 60_000 };
