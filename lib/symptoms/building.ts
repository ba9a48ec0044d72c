import { ONE_AT_A_TIME, symptoms } from "./symptom.ts";

const role = "consequence" as const;

/** What tasks say when an image or a project cannot be built. */
export const BUILDS = symptoms({ where: ["task"], endsBoot: false }, [
  {
    id: "no-user-ids",
    patterns: [
      /no (?:entry|subordinate ids?|mapping).*\/etc\/sub[ug]id|\/etc\/sub[ug]id.*(?:no|missing|not)/i,
    ],
    says: "/etc/subuid",
    title: "this user has no subordinate user ids",
    cause: "mmdebstrap maps the image's users to ids that are granted in /etc/subuid.",
    fix: ['sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"'],
  },
  {
    id: "user-namespaces",
    patterns: [/unshare.*Operation not permitted|newuidmap.*(?:failed|not permitted)/],
    says: "unshare failed: Operation not permitted",
    title: "this host forbids user namespaces",
    cause:
      "Images are built in a user namespace unless root builds them. On Ubuntu the setting is " +
      "kernel.apparmor_restrict_unprivileged_userns=0.",
    fix: [
      "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0",
      "sudo sysctl kernel.unprivileged_userns_clone=1",
      "sudo -E deno task setup-images",
    ],
  },
  {
    id: "mmdebstrap-failed",
    patterns: [/mmdebstrap exited with status (?<status>\d+)/],
    says: "mmdebstrap exited with status …",
    role,
    title: "mmdebstrap exited with status {status}",
    cause:
      "No network, a mirror that is down, or a full disk; the lines above show which. The next " +
      "run resumes.",
    fix: ["less logs/setup-{guest}.log", "deno task setup-images {guest}"],
  },
  {
    id: "share-special-file",
    patterns: [
      /(?:mkfifo|fifo|socket|bind)\b.*: No such device or address/i,
    ],
    says: "mkfifo: cannot create fifo …: No such device or address",
    role: "hint",
    title: "no FIFO or socket can be made in a project that is shared by 9p",
    cause:
      "QEMU's 9p server makes no special files. A directory of the dev guest itself, bound over " +
      "the build directory, has them, and so has a copy of the project.",
    fix: ["sudo mount --bind ~/build build", "deno task arm-dev --share rsync"],
  },
  {
    id: "first-boot-silent",
    patterns: [/the guest fell silent/],
    says: "the guest fell silent",
    role,
    endsBoot: true,
    title: "the image's first boot hangs",
    cause: "A package's script is waiting for something, or the host is too busy.",
    fix: ["less logs/setup-{guest}.log"],
  },
  {
    id: "step-failed",
    patterns: [
      /Step "(?<step>[^"]*)" failed on \S+/,
      /^== (?<step>.+): status [1-9]\d* after [\d.]+ s$/,
    ],
    says: 'Step "…" failed on …',
    role,
    title: 'the project\'s step "{step}" failed',
    cause: "The project is at fault unless something above says otherwise.",
    fix: ["less {log}", "deno task build-vm {guest} --shell-on-failure"],
  },
  {
    id: "step-late",
    patterns: [/it still ran after (?<seconds>[\d.]+) s|did not finish within (?<ms>\d+) ms/],
    says: "it still ran after … s",
    role,
    title: "a step, or the whole build, exceeded its time limit",
    cause: "It hangs, or is slow under emulation.",
    fix: ["grep -n timeouts guesthouse.json", ONE_AT_A_TIME],
  },
  {
    id: "no-artifact",
    patterns: [/nothing matches "(?<glob>[^"]*)"/],
    says: 'nothing matches "…"',
    title: 'the build produced nothing that matches "{glob}"',
    cause: "The artifact has another name or directory, or its step was skipped.",
    fix: [
      "grep -n artifacts guesthouse.json",
      "deno task build-vm {guest} --keep",
      "deno task vm-ssh {guest} -- ls /home/ci/guesthouse/build",
    ],
  },
]);
