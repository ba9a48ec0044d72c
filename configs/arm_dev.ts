import { defineDev } from "../lib/config/dev_config.ts";

/** The ARM dev guest: what it is, and how it sees the project. */
export default defineDev({
  name: "armdev",
  flavour: "nixos",
  share: { mode: "9p", name: "hello-cmake" },
  sshPort: 5022,
  memoryMiB: 4096,
  cores: 2,
  diskGiB: 32,
  user: "armdev",
});
