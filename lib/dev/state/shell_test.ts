import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../../base/process/dollar.ts";
import { run } from "../../base/process/run.ts";
import { devShellCommand, devShellSeed } from "./shell.ts";

const SOURCES = join(import.meta.dirname ?? "", "../../../provision/dev_shell");

async function withProject(
  use: (dir: string, env: Record<string, string>) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "gh shell-" });
  try {
    await Deno.mkdir(join(dir, "bin"));
    await Deno.mkdir(join(dir, "project"));
    // As nix-shell does: the environment of the shell, and --run for a text.
    const nixShell = '#!/bin/sh\necho evaluated >>"$COUNT"\n' +
      'export GREETING="it\'s; \\$(a) shell" PATH="$SHELL_BIN:$PATH" TMPDIR=/gone\n' +
      'while [ "$1" != --run ]; do shift; done\nexec sh -c "$2"\n';
    await Deno.writeTextFile(join(dir, "bin/nix-shell"), nixShell, { mode: 0o755 });
    const tool = '#!/bin/sh\nprintf "<%s>" "$GREETING" "$@"\n';
    await Deno.mkdir(join(dir, "shell-bin"));
    await Deno.writeTextFile(join(dir, "shell-bin/tool"), tool, { mode: 0o755 });
    await use(join(dir, "project"), {
      PATH: `${join(dir, "bin")}:${Deno.env.get("PATH")}`,
      XDG_CACHE_HOME: join(dir, "cache"),
      COUNT: join(dir, "count"),
      SHELL_BIN: join(dir, "shell-bin"),
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const evaluations = async (env: Record<string, string>) =>
  (await Deno.readTextFile(env.COUNT ?? "").catch(() => "")).split("\n").length - 1;

Deno.test("devShellCommand() runs any words in any directory, unchanged", async () => {
  await withProject(async (dir, env) => {
    const oddDir = join(dir, "it's $(odd)");
    await Deno.mkdir(oddDir);
    const words = ["printf", "<%s>", "a b", "$HOME", "'", "", "-x"];
    const text = devShellCommand(oddDir, words);
    const { code, stdout } = await $`sh -c ${`${text} "$(pwd)"`}`.env(env).noThrow();
    assertEquals([code, stdout], [0, `<a b><$HOME><'><><-x><${Deno.cwd()}>`]);
    const where = await $`sh -c ${devShellCommand(oddDir, ["pwd"])}`.env(env);
    assertEquals(where.stdout, `${oddDir}\n`);
  });
});

Deno.test("devShellCommand() passes a status through, and names a missing directory", async () => {
  await withProject(async (dir, env) => {
    const status = await $`sh -c ${devShellCommand(dir, ["sh", "-c", "exit 42"])}`.env(env)
      .noThrow();
    assertEquals(status.code, 42);
    const gone = await $`sh -c ${devShellCommand("/no such", ["true"])}`.env(env).noThrow();
    assertEquals(gone.code, 1);
    assertStringIncludes(gone.stderr, "dev-shell: the guest has no directory /no such");
  });
});

Deno.test("devShellCommand() runs a command in the project's nix-shell", async () => {
  await withProject(async (dir, env) => {
    await Deno.writeTextFile(join(dir, "shell.nix"), "{}");
    const text = devShellCommand(dir, ["tool", "a 'b'", "$x"]);
    const { stdout } = await $`sh -c ${text}`.env(env);
    assertEquals(stdout, "<it's; $(a) shell><a 'b'><$x>");
  });
});

/** Runs dev-env in a directory, and then a command in what it says. */
async function inDevEnv(dir: string, env: Record<string, string>, text: string): Promise<string> {
  const script = `commands=$(bash "$0") || exit; eval "$commands"; ${text}`;
  const { stdout, stderr, code } = await $`bash -c ${script} ${join(SOURCES, "dev-env")}`.with({
    ...{ cwd: dir, env },
  }).noThrow();
  assertEquals(code, 0, stderr);
  return stdout;
}

Deno.test("dev-env evaluates a project once for each state of its Nix files", async () => {
  await withProject(async (dir, env) => {
    await Deno.writeTextFile(join(dir, "shell.nix"), "{}");
    const first = await inDevEnv(dir, env, 'tool; echo "${TMPDIR-none}"');
    assertEquals(first, "<it's; $(a) shell>none\n");
    assertEquals(await evaluations(env), 1);
    assertEquals(await inDevEnv(dir, env, "tool"), "<it's; $(a) shell>");
    assertEquals(await evaluations(env), 1);
    await Deno.writeTextFile(join(dir, "shell.nix"), "{ }");
    await inDevEnv(dir, env, "tool");
    assertEquals(await evaluations(env), 2);
    await Deno.mkdir(join(dir, "nix"));
    await Deno.writeTextFile(join(dir, "nix/more.nix"), "{}");
    await inDevEnv(dir, env, "tool");
    await Deno.remove(join(dir, "nix/more.nix"));
    await inDevEnv(dir, env, "tool");
    assertEquals(await evaluations(env), 4);
  });
});

Deno.test("dev-env keeps the session's own PATH behind the shell's", async () => {
  await withProject(async (dir, env) => {
    await Deno.writeTextFile(join(dir, "shell.nix"), "{}");
    await inDevEnv(dir, env, "true");
    const later = { ...env, PATH: `/later:${env.PATH}` };
    const path = await inDevEnv(dir, later, 'printf %s "$PATH"');
    // What starts programs here appends system directories.
    assertEquals(path.startsWith(`${env.SHELL_BIN}:${later.PATH}`), true, path);
  });
});

Deno.test("dev-env evaluates again when the store has lost a path of the shell", async () => {
  await withProject(async (dir, env) => {
    await Deno.writeTextFile(join(dir, "shell.nix"), "{}");
    const gone = { ...env, SHELL_BIN: `/nix/store/${"a".repeat(32)}-gone/bin` };
    await inDevEnv(dir, gone, "true");
    await inDevEnv(dir, gone, "true");
    assertEquals(await evaluations(env), 2);
  });
});

Deno.test("dev-env keeps no answer of a shell that fails, and says which", async () => {
  await withProject(async (dir, env) => {
    const devEnv = ["bash", join(SOURCES, "dev-env")];
    const none = await run(devEnv, { cwd: dir, env });
    assertEquals([none.code, none.stdout], [1, ""]);
    assertStringIncludes(none.stderr, "no shell.nix, flake.nix or default.nix in");
    await Deno.writeTextFile(join(dir, "shell.nix"), "{");
    await Deno.writeTextFile(join(dir, "../bin/nix-shell"), "#!/bin/sh\nexit 3\n");
    const failed = await run(devEnv, { cwd: dir, env });
    assertEquals([failed.code, failed.stdout], [1, ""]);
    assertStringIncludes(failed.stderr, "shell.nix gives no shell (status 3)");
    const left = await Array.fromAsync(Deno.readDir(`${env.XDG_CACHE_HOME}/guesthouse/shell`));
    assertEquals(left, []);
  });
});

Deno.test("devShellSeed() trusts the project's directory and no other", () => {
  const entries = devShellSeed("/project");
  const text = (name: string) => {
    const entry = entries.find(({ path }) => path === `seed/${name}`);
    return entry !== undefined && "data" in entry
      ? new TextDecoder().decode(entry.data as Uint8Array)
      : undefined;
  };
  assertEquals(
    text("etc/guesthouse/direnv/direnv.toml"),
    '[whitelist]\nprefix = ["/project/", "/usr/local/lib/guesthouse/shell/"]\n',
  );
  assertEquals(text("usr/local/lib/guesthouse/shell/.envrc"), "cd /project && use nix\n");
  assertStringIncludes(
    text("etc/profile.d/guesthouse-shell.sh") ?? "",
    "_guesthouse_share=/project\n",
  );
});
