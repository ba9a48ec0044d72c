import { run } from "./run.ts";

/**
 * The start time of a process in clock ticks since boot (field 22 of `/proc/PID/stat`), or the text
 * of `ps` on macOS. With the pid it identifies a process. `undefined` if there is none, or a
 * zombie.
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  if (Deno.build.os === "linux") {
    // Deno itself opens nothing below /proc without all permissions.
    const { stdout: stat } = await run(["cat", `/proc/${pid}/stat`]);
    // The command name may hold spaces and parentheses, so fields are counted after its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  }
  const { code, stdout } = await run(["ps", "-o", "lstart=", "-p", String(pid)]);
  return code === 0 ? stdout.trim() || undefined : undefined;
}
