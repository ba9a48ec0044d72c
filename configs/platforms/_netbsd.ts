/** What the NetBSD platforms share. */

/** The release that all NetBSD guests run. */
export const RELEASE = "10.1";

/** NetBSD's packages of a guest that builds CMake projects in C++. */
export const PACKAGES: readonly string[] = ["cmake", "gcc12", "libX11", "libXext", "ncurses"];

/** The disk as guests see it. */
export const DISK_GIB = 8;

/** A boot takes minutes under emulation. */
export const TIMEOUTS = { bootMs: 900_000, shutdownMs: 120_000 };

/** Where NetBSD's files are. */
export const MIRROR = "https://cdn.netbsd.org/pub/NetBSD";
