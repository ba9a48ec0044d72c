import { basename } from "@std/path";
import type { LogKind } from "../symptoms/symptom.ts";
import { isShownConsole, type Log, withoutShownPrefix } from "./log_lines.ts";

/** The source of a line; `ssh` stands for ssh's own messages in the log of a task. */
export type LineKind = LogKind | "ssh";

const QEMU_LINE = /^(?:qemu-system-\w+|qemu(?:-kvm|-img)?): |^Could not access KVM /;
const SSH_LINE =
  /^(?:ssh: |last try: |kex_|ssh_|Connection (?:closed|reset|timed|to )|@ +WARNING|Host key |No \S+ host key|Load key |no such identity|Unable to negotiate|Timeout, server |client_loop: |"?System is booting|\S+@\S+: Permission denied \()/;
/** Text that kernels, firmware, init and agent print at the start of a line, but no build does. */
const CONSOLE_LINE =
  /^(?:\[ *\d+\.\d+\] |\[(?:init|module|agent)\] |guesthouse-init: |guesthouse: ready|\[(?:FAILED|DEPEND|!!!!!!| {2}OK {2}|\*+ *)\]|SeaBIOS|BdsDxe: |UEFI firmware|EFI stub: |systemd\[1\]: |Trying to mount root from|rcu: )/;

/** The kind of a log, by its name or else by its contents. */
export function logKind({ name, lines }: Log): LogKind {
  const file = basename(name);
  if (/\.console\.log$/.test(file)) return "console";
  if (/\.qemu\.log$/.test(file)) return "qemu";
  if (/dmesg|journal|syslog|kern\.log/.test(file)) return "host";
  // Tasks print "== " before each step, and "| " before lines of a console.
  if (lines.some((line) => /^== |^\s+next: /.test(line))) return "task";
  return lines.some((line) => CONSOLE_LINE.test(line)) ? "console" : "task";
}

/** The source of one line of a log of that kind. */
export function lineKind(line: string, kind: LogKind): LineKind {
  if (kind === "host" || kind === "qemu") return kind;
  const own = withoutShownPrefix(line);
  if (QEMU_LINE.test(own)) return "qemu";
  if (kind === "console" || isShownConsole(line) || CONSOLE_LINE.test(own)) return "console";
  return SSH_LINE.test(own) ? "ssh" : "task";
}
