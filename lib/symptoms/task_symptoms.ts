import { CHECK, ONE_AT_A_TIME, READ_CONSOLE, REBUILD, symptoms } from "./symptom.ts";

const role = "consequence" as const;
const endsBoot = false;

/** Messages of tasks when a start fails: the reason is often in another log. */
export const STARTS = symptoms({ where: ["task"], endsBoot: true }, [
  {
    id: "not-ready",
    patterns: [/it was not ready within (?<seconds>[\d.]+) s/],
    says: "it was not ready within … s",
    role,
    title: "it was not ready within {seconds} s",
    cause: "The guest hangs, or the host is too busy; the console's last lines follow the message.",
    fix: [READ_CONSOLE, ONE_AT_A_TIME, "grep -n timeouts guesthouse.json"],
  },
  {
    id: "no-login",
    patterns: [/it announced itself, but nobody could log in/],
    says: "it announced itself, but nobody could log in",
    role,
    title: "it announced itself, but nobody could log in",
    cause: "The guest is running, but its network does not work.",
    fix: [READ_CONSOLE],
  },
  {
    id: "switched-off",
    patterns: [/it switched itself off before it was ready/],
    says: "it switched itself off before it was ready",
    role,
    title: "it switched itself off before it was ready",
    cause: "Its init ended or rebooted; guests are started so that a reboot ends them.",
    fix: [READ_CONSOLE],
  },
  {
    id: "qemu-ended",
    patterns: [/QEMU (?:exited with status|died of signal) (?<number>\d+)/],
    says: "QEMU exited with status …",
    role,
    title: "QEMU ended (status or signal {number})",
    cause: "QEMU's own messages are in its log.",
    fix: ["less logs/{guest}.qemu.log", CHECK],
  },
  {
    id: "connection-lost",
    patterns: [/lost connection/],
    says: "lost connection to guest",
    role,
    endsBoot,
    title: "its connection was lost",
    cause: "The guest or its network stopped working.",
    fix: [READ_CONSOLE, "less logs/{guest}.qemu.log"],
  },
  {
    id: "host-full",
    patterns: [/: a disk of this host is full/],
    says: ": a disk of this host is full",
    endsBoot,
    title: "a disk of this host is full",
    cause:
      "Overlays, snapshots, artifacts and logs grow while guests run. The file system is named.",
    fix: ["deno task gc", "df -h"],
  },
  {
    id: "image-absent",
    patterns: [/Cannot start guest "(?<platform>[^"]*)": its image is not set up/],
    says: "its image is not set up",
    title: "its image is not set up",
    cause: "It was never built here, or its directory was emptied.",
    fix: ["deno task setup-images {platform}"],
  },
  {
    id: "image-changed",
    patterns: [/has \d+ bytes, not the \d+ that were built|images\/dist\/\S+ is damaged/],
    says: "has … bytes, not the … that were built",
    title: "its image was changed after it was built",
    cause: "Another program wrote to it, or a copy did not finish.",
    fix: [REBUILD],
  },
  {
    id: "tools-absent",
    patterns: [/this host lacks (?<tools>.+)/],
    says: "this host lacks …",
    endsBoot,
    title: "this host lacks {tools}",
    cause: "Tools are missing or too old.",
    fix: ["deno task check --install"],
  },
]);
