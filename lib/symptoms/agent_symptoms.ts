import { CHECK, READ_CONSOLE, REBUILD, symptoms } from "./symptom.ts";

/** The guest's agent, which serves the host over a virtio port. */
export const AGENT = symptoms({ where: ["console"], endsBoot: false }, [
  {
    id: "agent-start",
    patterns: [
      /\[agent\] (?<what>start|open \S+|mount \/(?:proc|sys|dev)): errno=(?<errno>\d+)/,
    ],
    says: "[agent] …: errno=…",
    title: "its agent cannot start, because {what} failed: {error}",
    cause:
      "Without its port the agent cannot be reached. ENOENT means that the port is missing: the " +
      "module virtio_console was not loaded, or QEMU was started without the port.",
    fix: [REBUILD, "deno task build-vm {guest} --dry-run"],
  },
  {
    id: "agent-network",
    patterns: [/\[agent\] (?<what>lo|network \S+): errno=(?<errno>\d+)/],
    says: "[agent] network …: errno=…",
    title: "its agent cannot set up {what}: {error}",
    cause:
      "The guest is running, but its programs have no network. ENODEV means that there is no " +
      "network device, or that virtio_net was not loaded.",
    fix: [REBUILD, READ_CONSOLE],
  },
  {
    id: "agent-step",
    patterns: [/\[agent\] (?<what>.+?): errno=(?<errno>\d+)/],
    says: "[agent] …: errno=…",
    role: "hint",
    title: "a step of its agent failed, {what}: {error}",
    cause: "The agent continues without it, and most commands work without it.",
    fix: [READ_CONSOLE, REBUILD],
  },
  {
    id: "agent-silent",
    patterns: [/agent (?:(?:was |is )?not ready|(?:did|does) not answer)/i],
    says: "agent … not ready",
    where: ["task"],
    without: /\[agent\] /,
    role: "consequence",
    title: "its agent never started",
    cause: "The console has no line from the agent, so the guest did not get that far, or the " +
      "image has no agent for its architecture.",
    fix: [READ_CONSOLE, REBUILD],
  },
  {
    id: "agent-unready",
    patterns: [/agent (?:(?:was |is )?not ready|(?:did|does) not answer)/i],
    says: "agent … not ready",
    where: ["task"],
    role: "consequence",
    title: "its agent started, but does not answer",
    cause:
      "The agent's last line on the console shows how far it got: usually the virtio port is " +
      "missing (module virtio_console), or the host is too busy.",
    fix: ["grep -n '\\[agent\\]' {console}", CHECK],
  },
]);
