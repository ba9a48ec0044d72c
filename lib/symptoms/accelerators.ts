import { CHECK, EMULATE, symptoms } from "./symptom.ts";

const next = "use --accel tcg";

/** Hypervisors that are missing or do not work. */
export const ACCELERATORS = symptoms({ where: ["qemu"], endsBoot: true }, [
  {
    id: "accelerator-unknown",
    patterns: [/invalid accelerator (?<accelerator>\S+)/],
    says: "invalid accelerator …",
    title: "this QEMU was built without the accelerator {accelerator}",
    cause: "The accelerator is for another system, or the distribution leaves it out.",
    fix: [EMULATE, CHECK],
    next,
  },
  {
    id: "kvm-denied",
    patterns: [
      /(?:Could not access KVM kernel module|failed to initialize kvm): Permission denied/i,
    ],
    says: "Could not access KVM kernel module: Permission denied",
    title: "this user may not use KVM",
    cause: "/dev/kvm belongs to the group kvm, and the user is not in it.",
    fix: ['sudo usermod -aG kvm "$USER" && newgrp kvm', EMULATE],
    next: 'sudo usermod -aG kvm "$USER" && newgrp kvm, or use --accel tcg',
  },
  {
    id: "kvm-msr",
    patterns: [/failed to set MSR 0x|kvm_buf_set_msrs: Assertion/i],
    says: "error: failed to set MSR …",
    title: "KVM does not work on this host",
    cause: "The host is itself a guest, and its hypervisor lacks a register (MSR) that QEMU sets.",
    fix: [EMULATE, CHECK],
    next,
  },
  {
    id: "kvm-broken",
    patterns: [/Could not access KVM kernel module|failed to initialize kvm/i],
    says: "Could not access KVM kernel module: …",
    title: "KVM does not work on this host",
    cause:
      "There is no /dev/kvm: virtualization is disabled in the CPU, or the host is itself a guest.",
    fix: [EMULATE, CHECK],
    next,
  },
  {
    id: "hvf-broken",
    patterns: [/HV_(?:ERROR|DENIED|NO_DEVICE|UNSUPPORTED)|failed to initialize hvf/i],
    says: "Error: HV_…",
    title: "Apple's hypervisor does not work for this QEMU",
    cause:
      "QEMU lacks the entitlement com.apple.security.hypervisor, or the Mac is itself a guest.",
    fix: [EMULATE, CHECK, 'codesign -d --entitlements - "$(command -v qemu-system-aarch64)"'],
    next,
  },
]);
