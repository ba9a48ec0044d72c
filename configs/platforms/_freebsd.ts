/** What the FreeBSD platforms share. */

/** FreeBSD's packages of a guest that builds CMake projects in C++. */
export const PACKAGES: readonly string[] = ["cmake", "gcc", "libX11", "libXext", "ncurses"];

/** The disk as guests see it; the image grows its root to that at its first boot. */
export const DISK_GIB = 16;

/** A boot takes minutes under emulation. */
export const TIMEOUTS = { bootMs: 900_000, shutdownMs: 120_000 };

/** FreeBSD's own image for virtual machines, with UFS; `name` is FreeBSD's for the architecture. */
export function sourceOf(release: string, { dir, name }: { dir: string; name: string }) {
  const place = `https://download.freebsd.org/releases/VM-IMAGES/${release}-RELEASE/${dir}/Latest`;
  return {
    url: `${place}/FreeBSD-${release}-RELEASE-${name}-ufs.qcow2.xz`,
    format: "qcow2",
    checksums: { url: `${place}/CHECKSUM.SHA512`, algorithm: "sha512" },
  } as const;
}

/** FreeBSD's names for x86-64 and for 64-bit ARM. */
export const AMD64 = { dir: "amd64", name: "amd64" };
export const ARM64 = { dir: "aarch64", name: "arm64-aarch64" };
