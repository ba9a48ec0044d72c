import { ACCELERATORS } from "./accelerators.ts";
import { AGENT } from "./agent_symptoms.ts";
import { BUILDS } from "./building.ts";
import { FIRMWARE } from "./firmware_symptoms.ts";
import { INIT_PROGRAM } from "./init_symptoms.ts";
import { INIT_STATUSES } from "./init_statuses.ts";
import { INIT_STEPS } from "./init_steps.ts";
import { PANICS, STALLS } from "./kernel_symptoms.ts";
import { MODULES } from "./module_symptoms.ts";
import { NETWORK } from "./network_symptoms.ts";
import { PROGRAMS } from "./programs.ts";
import { REQUIREMENTS } from "./requirements.ts";
import { QEMU_FILES, QEMU_OTHER, QEMU_SHARING } from "./qemu_files.ts";
import { QEMU_OPTIONS } from "./qemu_options.ts";
import { RESOURCES } from "./resources.ts";
import { ROOT_DISK } from "./root_disk.ts";
import { SSH } from "./ssh_symptoms.ts";
import type { Symptom } from "./symptom.ts";
import { STARTS } from "./task_symptoms.ts";
import { USERLAND } from "./userland.ts";

/** The symptoms by topic; the documentation has a table for each. */
export const TOPICS = {
  "qemu-sharing": QEMU_SHARING,
  "qemu-options": QEMU_OPTIONS,
  "qemu-files": QEMU_FILES,
  "accelerators": ACCELERATORS,
  "firmware": FIRMWARE,
  "qemu-other": QEMU_OTHER,
  "ssh": SSH,
  "init-program": INIT_PROGRAM,
  "init-steps": INIT_STEPS,
  "modules": MODULES,
  "init-statuses": INIT_STATUSES,
  "root-disk": ROOT_DISK,
  "panics": PANICS,
  "userland": USERLAND,
  "resources": RESOURCES,
  "agent": AGENT,
  "network": NETWORK,
  "programs": PROGRAMS,
  "requirements": REQUIREMENTS,
  "stalls": STALLS,
  "starts": STARTS,
  "builds": BUILDS,
} as const satisfies Readonly<Record<string, readonly Symptom[]>>;

/**
 * Every symptom that guesthouse knows, for tasks, `ci-diagnose` and the documentation. Texts of
 * Linux 6.1, systemd 252, initramfs-tools 0.142, OVMF, SeaBIOS, FreeBSD 14, NetBSD 10, QEMU 7.2 and
 * OpenSSH.
 *
 * The order matters: of several symptoms in one line the first wins, so specific ones come before
 * general ones; and on a console a cause is above its consequences, since an initramfs that gives
 * up also makes the kernel panic.
 */
export const SYMPTOMS: readonly Symptom[] = Object.values(TOPICS).flat();
