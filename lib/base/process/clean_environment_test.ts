import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  cleanEnvironment,
  COMMON_VARIABLES,
  MORE_VARIABLES,
  WINDOW_VARIABLES,
} from "./clean_environment.ts";
import { root } from "../files/paths.ts";
import { run } from "./run.ts";
import { SUPERVISOR, testdata } from "./process_testing.ts";
import { runInForeground } from "./run_in_foreground.ts";
import { sandbox } from "../host_testing.ts";

/** A program with a name that only says which environment it has. */
const PRINT_ENVIRONMENT = "exec env";

/** Variables as `env` prints them; values here hold no line end. */
const namesIn = (text: string) => text.split("\n").map((line) => line.split("=")[0]!);

const SECRETS = {
  SECRET_TOKEN: "s",
  SSH_AUTH_SOCK: "/s",
  GITHUB_TOKEN: "s",
  https_proxy: "http://u:p@h",
};

Deno.test("run() gives ssh, rsync and QEMU only the variables that every program may have", async () => {
  await using box = await sandbox({ ...SECRETS, LANG: "C.UTF-8" });
  // What a shell adds on its own.
  const allowed = new Set([...COMMON_VARIABLES, ...WINDOW_VARIABLES, "LC_X", "_", "PWD", "SHLVL"]);
  for (const name of ["ssh", "rsync", "qemu-system-x86_64", "qemu-img", "virtiofsd"]) {
    const program = await box.script(name, PRINT_ENVIRONMENT);
    const { stdout } = await run([program], { env: { LC_X: "added" } });
    const names = namesIn(stdout.trim());
    assertEquals(names.filter((found) => !allowed.has(found)), [], name);
    assertEquals(["HOME", "LANG", "LC_X", "PATH"].filter((one) => !names.includes(one)), []);
  }
});

Deno.test("run() also gives programs that download their proxies and certificates", async () => {
  await using box = await sandbox({ ...SECRETS, CARGO_HOME: "/c" });
  for (const [name, variable] of [["apt-get", "https_proxy"], ["cargo", "CARGO_HOME"]] as const) {
    const itself = await run([await box.script(name, PRINT_ENVIRONMENT)]);
    const wrapped = await run(["sh", "-c", PRINT_ENVIRONMENT], { environment: { of: name } });
    for (const names of [namesIn(itself.stdout), namesIn(wrapped.stdout)]) {
      assertEquals([names.includes(variable), names.includes("SECRET_TOKEN")], [true, false]);
    }
  }
});

Deno.test("run() gives what runs on the user's behalf the whole environment", async () => {
  await using _box = await sandbox({ ...SECRETS, TEST_WORDS: "two  words" });
  const script = 'echo "$SECRET_TOKEN $TEST_WORDS $TEST_ADDED"';
  const options = { environment: "user", env: { TEST_ADDED: "added" } } as const;
  const { stdout } = await run(["sh", "-c", script], options);
  assertEquals(stdout, "s two  words added\n");
});

Deno.test("runInForeground() gives a program only the variables that every program may have", async () => {
  await using box = await sandbox(SECRETS);
  const file = join(box.path, "environment");
  const program = await box.script("ssh", `env >'${file.replaceAll("'", "'\\''")}'`);
  assertEquals(await runInForeground([program]), 0);
  const names = namesIn(await Deno.readTextFile(file));
  assertEquals(Object.keys(SECRETS).filter((name) => names.includes(name)), []);
});

/** What `run()` does in a task that may run these programs and no others. */
async function runWithList(environment: "clean" | "user", env: string, command: string[]) {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-prompt", "--allow-read", "--allow-write", env],
      `--allow-run=${SUPERVISOR},sh`,
      ...[testdata("run_program.ts"), ...command],
    ],
    env: { TEST_ENVIRONMENT: environment, LD_LIBRARY_PATH: "/l one", LD_ANY: "a" },
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("run() works where the user has variables of the dynamic linker", async () => {
  const command = ["sh", "-c", 'printf %s "<$LD_LIBRARY_PATH> <$LD_ANY>"'];
  const printed = async (environment: "clean" | "user", env: string) =>
    JSON.parse(await runWithList(environment, env, command)).stdout;
  assertEquals(
    await printed("clean", "--allow-env=PATH,TMPDIR,TEST_ENVIRONMENT,TEST_STDIN"),
    "<> <>",
  );
  // What the user's own programs do with them is the user's affair.
  assertEquals(await printed("user", "--allow-env"), "</l one> <a>");
});

Deno.test("cleanEnvironment() leaves out what the task's permission set does not cover", () => {
  const all = cleanEnvironment("cargo");
  assertEquals(typeof all.PATH, "string");
  assertEquals(Object.keys(all).filter((name) => !isKnown(name)), []);
});

const isKnown = (name: string) =>
  COMMON_VARIABLES.includes(name) || (MORE_VARIABLES.cargo ?? []).includes(name);

Deno.test("deno.json lets each task read the variables that its programs get", async () => {
  const { permissions } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const lacking: string[] = [];
  for (const [set, { env, run }] of Object.entries<{ env: unknown; run: unknown }>(permissions)) {
    if (!Array.isArray(run) || !Array.isArray(env)) continue;
    const programs: string[] = run.map((path) => path.split("/").at(-1));
    const needed = [...COMMON_VARIABLES, ...programs.flatMap((name) => MORE_VARIABLES[name] ?? [])];
    const covers = (name: string) =>
      env.some((entry: string) =>
        entry === name || entry.endsWith("*") && name.startsWith(entry.slice(0, -1))
      );
    for (const name of new Set(needed)) if (!covers(name)) lacking.push(`${set}: ${name}`);
  }
  assertEquals(lacking, []);
});
