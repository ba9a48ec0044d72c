import { definePlatform } from "../../lib/config/platform.ts";
import { TIMEOUTS, ubuntuImage } from "./_ubuntu.ts";

/** Ubuntu 24.04 on 64-bit ARM. */
export default definePlatform({
  name: "linux-arm64",
  os: "linux",
  arch: "aarch64",
  diskImage: "linux-arm64/disk.qcow2",
  cmakeGenerator: "Ninja",
  machine: "virt",
  memoryMiB: 2048,
  cores: 2,
  // Its image is downloaded, which no task does without being asked for it by name.
  image: ubuntuImage("arm64"),
  timeouts: TIMEOUTS,
});
