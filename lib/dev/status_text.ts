import { bytesText } from "../base/text/bytes.ts";
import type { DevStatus } from "./status.ts";

/** A guest's status as lines of text. */
export function statusText(status: DevStatus): string {
  const { state, flavour, disk, share, stale, seconds } = status;
  const lines = [`guest "${status.name}": ${stateText(status)}`];
  const add = (what: string, text: string) => lines.push(`  ${what.padEnd(11)}${text}`);
  if (flavour !== null) add("flavour", flavour);
  if (status.generation !== null) add("generation", status.generation);
  if (state === "running") {
    add("since", `${status.since} (${durationText(seconds ?? 0)})`);
    add("ssh", `${status.user}@127.0.0.1 port ${status.sshPort}`);
    add("machine", `${status.cores} CPUs, ${status.memoryMiB} MiB, ${status.accelerator}`);
  }
  if (share !== null) {
    const access = share.readOnly ? ", read-only" : "";
    add("share", `${share.hostDir} as ${share.guestDir} (${share.mode}${access})`);
  }
  if (disk !== null) add("disk", `${bytesText(disk.bytes)} of ${bytesText(disk.sizeBytes)}`);
  if (stale !== null) add("note", `its last run did not end cleanly: ${stale}`);
  if (status.paused !== null) add("paused", status.paused);
  add("next", status.paused === null ? NEXT[state] : `free space, then ${NEXT.stopped}`);
  return lines.join("\n");
}

const NEXT: Readonly<Record<DevStatus["state"], string>> = {
  none: "deno task arm-dev-init",
  stopped: "deno task arm-dev",
  running: "deno task arm-dev-ssh",
};

function stateText({ state, pid, paused }: DevStatus): string {
  if (state === "none") return "not created yet";
  if (state !== "running") return "not running";
  return `${paused === null ? "running" : "paused"}, pid ${pid}`;
}

/** `3 d 4 h`, `2 h 5 min`, `40 s`: the two largest units. */
export function durationText(seconds: number): string {
  const units = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]] as const;
  let left = seconds;
  const parts: string[] = [];
  for (const [unit, length] of units) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}
