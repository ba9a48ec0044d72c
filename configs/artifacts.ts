import type { Artifact } from "../lib/image/parts/artifact.ts";

/**
 * What small guests are made of, and which part embeds which. This is the whole graph: `build-images`
 * builds along it and draws it, and docs/image-parts.md shows it. `{arch}` stands for the
 * architecture; an output with `only` exists for that one alone.
 */
export const ARTIFACTS: readonly Artifact[] = [
  {
    name: "guest-agent",
    task: "build-guest-agent",
    summary: "PID 1 of the root: runs commands for the host",
    outputs: [{ file: "guest-agent-linux-{arch}" }],
    needs: [],
  },
  {
    name: "tiny-init",
    task: "build-tiny-init",
    summary: "PID 1 of the initramfs: finds and mounts the root",
    outputs: [{ file: "tiny-init-{arch}" }],
    needs: [],
  },
  {
    name: "kernel",
    task: "extract-kernel",
    summary: "the distribution's kernel, and the modules that its guests load",
    outputs: [
      { file: "vmlinuz-{arch}" },
      { file: "modules-{arch}.cpio" },
      { file: "vmlinux-{arch}", only: "x86_64" },
    ],
    needs: [],
  },
  {
    name: "micro-kernel",
    task: "build-kernel",
    summary: "a kernel of our own without modules, for microVMs",
    outputs: [
      { file: "vmlinuz-micro-{arch}" },
      { file: "vmlinux-micro-{arch}", only: "x86_64" },
    ],
    needs: [],
  },
  {
    name: "initramfs",
    task: "build-initramfs",
    summary: "for the distribution's kernel",
    outputs: [{ file: "initramfs-{arch}" }],
    needs: ["tiny-init", "kernel"],
  },
  {
    name: "micro-initramfs",
    task: "build-initramfs",
    summary: "for the kernel of our own",
    outputs: [{ file: "initramfs-micro-{arch}" }],
    needs: ["tiny-init"],
  },
  {
    name: "raw",
    task: "build-qcow2",
    summary: "a root file system with a shell",
    outputs: [{ file: "raw-base-{arch}.qcow2" }],
    needs: ["guest-agent"],
  },
  {
    name: "python",
    task: "build-qcow2",
    summary: "a root file system with Python",
    outputs: [{ file: "python-base-{arch}.qcow2" }],
    needs: ["guest-agent"],
  },
  {
    name: "node",
    task: "build-qcow2",
    summary: "a root file system with Node.js",
    outputs: [{ file: "node-base-{arch}.qcow2" }],
    needs: ["guest-agent"],
  },
];
