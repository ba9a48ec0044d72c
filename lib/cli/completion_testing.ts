import { dirname, fromFileUrl, join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { completionScript, type Shell } from "./completion.ts";

const LISTER = fromFileUrl(new URL("testdata/list_completion.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** A checkout to complete in, and the script that completes there. */
export interface CompletionCheckout extends AsyncDisposable {
  readonly dir: string;
  /** The path of the script, which is outside the checkout. */
  readonly script: string;
}

/** A checkout whose name needs quoting, with a completion task of its own and some files. */
export async function createCheckout(shell: Shell): Promise<CompletionCheckout> {
  const parent = await Deno.makeTempDir();
  const dir = join(parent, 'it\'s a "checkout"');
  await Deno.mkdir(join(dir, "some directory"), { recursive: true });
  await Deno.mkdir(join(dir, "a=b/inner"), { recursive: true });
  await Deno.writeTextFile(join(dir, "some file.txt"), "");
  await Deno.writeTextFile(
    join(dir, "deno.json"),
    JSON.stringify({
      tasks: { completion: `deno run --quiet --no-prompt --config '${CONFIG}' '${LISTER}'` },
    }),
  );
  const script = join(parent, `completion.${shell}`);
  await Deno.writeTextFile(script, await completionScript(shell, dir));
  return {
    dir,
    script,
    [Symbol.asyncDispose]: () => Deno.remove(parent, { recursive: true }),
  };
}

/** How long a shell may take over all that a test types; the limit is for one that hangs. */
const SHELL_MS = 60_000;

/** Runs a shell that finds this very Deno, and has a home directory of its own. */
export async function runShell(
  command: readonly string[],
  { cwd, home, env = {} }: {
    cwd: string;
    home: string;
    env?: Readonly<Record<string, string>>;
  },
): Promise<{ stdout: string; stderr: string }> {
  const [program = "", ...args] = command;
  const { stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: {
      PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`,
      HOME: home,
      // Else the caller's own would count.
      XDG_CONFIG_HOME: join(home, ".config"),
      XDG_DATA_HOME: join(home, ".local/share"),
      XDG_CACHE_HOME: join(home, ".cache"),
      // Deno's cache follows the home directory, and should not be filled again.
      DENO_DIR: await denoDir(),
      TERM: "xterm",
      ...env,
    },
    stdin: "null",
    signal: AbortSignal.timeout(SHELL_MS),
  }).output();
  const decoder = new TextDecoder();
  return { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function denoDir(): Promise<string> {
  const info = $.with({ environment: "user" })`${Deno.execPath()} info --json`;
  return (await info.json() as { readonly denoDir: string }).denoDir;
}
