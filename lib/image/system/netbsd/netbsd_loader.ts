import type { Expected } from "../../../guest/expect.ts";

/**
 * What is typed at the boot loader of NetBSD for PCs, whose menu the firmware shows on the serial
 * line, while its kernel would use the screen: boot(8), `sys/arch/i386/stand/lib/bootmenu.c`.
 */
export const NETBSD_LOADER: readonly Expected[] = [
  {
    ...{ text: /SPACE to stop countdown/, answer: " ", key: true },
    refused: "its boot menu came again",
  },
  // The menu of the live image, as of NetBSD 10: "3. Drop to boot prompt".
  { prompt: /^Option: \[\d+\]:$/, answer: "3", refused: "its boot menu does not take an option" },
  {
    ...{ prompt: /^>$/, answer: ["consdev com0", "boot"] },
    refused: "its boot loader did not boot the kernel",
  },
];
