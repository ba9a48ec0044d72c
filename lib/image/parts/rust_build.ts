/** How cargo and rustc are called, besides what the toolchain and the places decide. */
export const RUST_BUILD = {
  cargo: ["build", "--release", "--locked"],
  flags: [
    ...["-C", "target-feature=+crt-static"],
    // Nothing is gained in a guest by a program that can lie anywhere.
    ...["-C", "relocation-model=static"],
  ],
} as const;
