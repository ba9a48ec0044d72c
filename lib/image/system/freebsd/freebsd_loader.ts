import type { Expected } from "../../../guest/expect.ts";

/**
 * What is typed at the boot loader of FreeBSD for PCs when the firmware is a BIOS: its kernel would
 * use the screen, loader(8).
 */
export const FREEBSD_LOADER: readonly Expected[] = [
  {
    ...{ text: /\b3\. Escape to loader prompt/, answer: "3", key: true },
    refused: "its boot menu came again",
  },
  {
    ...{ prompt: /^OK$/, answer: ['set console="comconsole"', "boot"] },
    refused: "its boot loader did not boot the kernel",
  },
];
