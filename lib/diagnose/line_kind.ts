import { basename } from "@std/path";
import type { LogKind } from "../symptoms/symptom.ts";
import { isShownConsole, type Log, withoutShownPrefix } from "./log_lines.ts";

/** Who says a line; `ssh` stands for ssh's own words in the log of a task. */
export type LineKind = LogKind | "ssh";

const QEMU_LINE = /^(?:qemu-system-\w+|qemu(?:-kvm|-img)?): |^Could not access KVM /;
const SSH_LINE =
  /^(?:ssh: |last try: |kex_|ssh_|Connection (?:closed|reset|timed|to )|@ +WARNING|Host key |No \S+ host key|Load key |no such identity|Unable to negotiate|Timeout, server |client_loop: |"?System is booting|\S+@\S+: Permission denied \()/;
/** What no build prints at the start of a line, but kernels, firmware, init and agent do. */
const CONSOLE_LINE =
  /^(?:\[ *\d+\.\d+\] |\[(?:init|module|agent)\] |guesthouse-init: |guesthouse: ready|\[(?:FAILED|DEPEND|!!!!!!| {2}OK {2}|\*+ *)\]|SeaBIOS|BdsDxe: |UEFI firmware|EFI stub: |systemd\[1\]: |Trying to mount root from|rcu: )/;

/** What kind of log a file is by its name, or else by what stands in it. */
export function logKind({ name, lines }: Log): LogKind {
  const file = basename(name);
  if (/\.console\.log$/.test(file)) return "console";
  if (/\.qemu\.log$/.test(file)) return "qemu";
  if (/dmesg|journal|syslog|kern\.log/.test(file)) return "host";
  // Tasks head each step with "== ", and show a console behind "| ".
  if (lines.some((line) => /^== |^\s+next: /.test(line))) return "task";
  return lines.some((line) => CONSOLE_LINE.test(line)) ? "console" : "task";
}

/** Who says one line of a log of that kind. */
export function lineKind(line: string, kind: LogKind): LineKind {
  if (kind === "host" || kind === "qemu") return kind;
  const own = withoutShownPrefix(line);
  if (QEMU_LINE.test(own)) return "qemu";
  if (kind === "console" || isShownConsole(line) || CONSOLE_LINE.test(own)) return "console";
  return SSH_LINE.test(own) ? "ssh" : "task";
}
