import { definePlatform } from "../../lib/config/platform.ts";
import { TIMEOUTS, ubuntuImage } from "./_ubuntu.ts";

/** Ubuntu 24.04 on x86-64. */
export default definePlatform({
  name: "linux-amd64",
  os: "linux",
  arch: "x86_64",
  diskImage: "linux-amd64/disk.qcow2",
  cmakeGenerator: "Ninja",
  machine: "q35",
  memoryMiB: 2048,
  cores: 2,
  // Its image is downloaded, which no task does without being asked for it by name.
  image: ubuntuImage("amd64"),
  timeouts: TIMEOUTS,
});
