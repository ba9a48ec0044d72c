import { CHECK, REBUILD, symptoms } from "./symptom.ts";

const HELP = "{program|qemu-system-x86_64}";

/** Arguments and files that QEMU refuses. Texts of QEMU 7.2, all printed by the real program. */
export const QEMU_OPTIONS = symptoms({ where: ["qemu"], endsBoot: true }, [
  {
    id: "machine-unknown",
    patterns: [/(?:(?<program>qemu-system-\w+): )?unsupported machine type/],
    says: "unsupported machine type",
    title: "QEMU does not know the machine of this platform",
    cause: "The platform's machine is misspelt, for another architecture, or newer than this QEMU.",
    fix: [`${HELP} -machine help`, CHECK],
    next: "correct the platform's machine (QEMU lists them with -machine help)",
  },
  {
    id: "cpu-unknown",
    patterns: [/(?:(?<program>qemu-system-\w+): )?unable to find CPU model '(?<model>[^']*)'/],
    says: "unable to find CPU model '…'",
    title: 'QEMU does not know the CPU model "{model}"',
    cause: "The platform's cpu is misspelt, for another architecture, or newer than this QEMU.",
    fix: [`${HELP} -cpu help`, CHECK],
    next: "correct the platform's cpu (QEMU lists them with -cpu help)",
  },
  {
    id: "cpu-needs-hypervisor",
    patterns: [/CPU model '(?<model>[^']*)' requires KVM/],
    says: "CPU model '…' requires KVM",
    title: 'the CPU model "{model}" needs a hypervisor',
    cause: "The guest is emulated, but that model is the host's own CPU.",
    fix: ["grep -n cpu configs/platforms/*.ts", CHECK],
    next: 'use the CPU model "max" with the accelerator tcg',
  },
  {
    id: "device-unknown",
    patterns: [/'(?<device>[^']*)' is not a valid device model name/],
    says: "'…' is not a valid device model name",
    title: 'this QEMU lacks the device "{device}"',
    cause: "Distributions put some devices into separate packages, or leave them out.",
    fix: [CHECK],
  },
  {
    id: "option-unknown",
    patterns: [/(?:qemu-system-\S+): (?<option>-\S+): invalid option/],
    says: "qemu-system-…: -…: invalid option",
    title: "QEMU does not know the option {option}",
    cause: "This QEMU is too old or too new.",
    fix: [CHECK],
    next: "deno task check (this QEMU may be too old or too new)",
  },
  {
    id: "property-unknown",
    patterns: [/Property '(?<property>[^']*)' not found/],
    says: "Property '…' not found",
    title: 'QEMU does not know the property "{property}"',
    cause: "The platform's machine has an option that this QEMU's machine lacks.",
    fix: ["grep -n machine configs/platforms/*.ts", CHECK],
    next: "correct the platform's machine options",
  },
  {
    id: "sandbox-missing",
    patterns: [/sandbox support is not enabled|-sandbox: There is no option group/],
    says: "sandbox support is not enabled",
    title: "this QEMU was built without seccomp",
    cause: "guesthouse uses it to confine QEMU on Linux.",
    fix: [CHECK],
  },
  {
    id: "cores-too-many",
    patterns: [
      /Invalid SMP CPUs (?<found>\d+)\. The max CPUs supported by machine '[^']*' is (?<most>\d+)/,
    ],
    says: "Invalid SMP CPUs …",
    title: "it is to have {found} cores, but its machine has {most} at most",
    cause: "The platform's or the project's \"cores\" is too large.",
    fix: ["deno task build-vm {guest} --cores {most}"],
    next: "lower the platform's cores",
  },
  {
    id: "kernel-unreadable",
    patterns: [/could not (?:open|load) kernel(?: file)? '(?<path>[^']*)'/i],
    says: "could not open kernel file '…'",
    title: 'the kernel "{path}" cannot be read',
    cause: "The image's directory was emptied, or belongs to another user.",
    fix: [REBUILD],
  },
  {
    id: "initramfs-unreadable",
    patterns: [
      /(?:error reading initrd|could not load (?:initrd|initial ram disk)) '?(?<path>[^':]+)/i,
    ],
    says: "could not load initrd '…'",
    title: 'the initramfs "{path}" cannot be read',
    cause: "The image's directory was emptied, or belongs to another user.",
    fix: [REBUILD],
  },
]);
