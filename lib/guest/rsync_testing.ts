import { join } from "@std/path";
import type { SshConnection } from "./ssh.ts";

/** A connection to a "guest" that is this host; rsync needs {@link withLoopback} besides. */
export function loopback(): SshConnection {
  const ssh: Pick<SshConnection, "name" | "configPath" | "closed" | "exec"> = {
    name: "loopback",
    configPath: "/none",
    closed: new Promise(() => {}),
    async exec(argv, { cwd = "/", stdin = "", env, ...options } = {}) {
      // A guest's directory has to be there, too.
      await Deno.stat(cwd);
      const args = ["-c", 'cd "$0" && exec "$@"', cwd, ...argv];
      const pipes = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
      const child = new Deno.Command("sh", { args, env: { ...env }, ...pipes }).spawn();
      const fed = new Blob([stdin]).stream().pipeTo(child.stdin);
      const { code, stdout } = await child.output();
      await fed;
      options.onBytes?.(stdout, "stdout");
      options.onOutput?.(new TextDecoder().decode(stdout), "stdout");
      return { code };
    },
  };
  return ssh as SshConnection;
}

/**
 * Runs `use` with a remote shell that leads back to this host. Like ssh, it joins its words and
 * gives them to a shell; it writes down which configuration file it was told.
 */
export async function withLoopback(
  use: (env: Record<string, string>, dir: string) => Promise<void>,
) {
  const dir = await Deno.makeTempDir({ prefix: "gh-rsync-" });
  try {
    const bin = join(dir, "bin");
    await Deno.mkdir(bin);
    const script = '#!/bin/sh\nprintf %s "$2" >"$SEEN"\n' +
      'while [ "$1" != shared ]; do shift; done\nshift\nexec sh -c "$*"\n';
    await Deno.writeTextFile(join(bin, "ssh"), script, { mode: 0o755 });
    const path = `${bin}:${Deno.env.get("PATH")}`;
    await use({ PATH: path, SEEN: join(dir, "seen"), LC_ALL: "C" }, dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
