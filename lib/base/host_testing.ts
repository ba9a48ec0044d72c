import { join } from "@std/path";
import { findProgram } from "./process/find_program.ts";

/** A directory that goes when the test ends, also used as the state of the code under test. */
export interface Sandbox extends AsyncDisposable {
  readonly path: string;
  /** Writes an executable shell script, and returns its path. */
  script(name: string, body: string): Promise<string>;
  /** Links a program of the host, and returns the link's path. */
  link(program: string): Promise<string>;
}

/** Makes a {@link Sandbox}, and sets these variables (to begin with, `GUESTHOUSE_STATE`). */
export async function sandbox(env: Readonly<Record<string, string>> = {}): Promise<Sandbox> {
  // Below a directory whose name needs quoting, so that what forgets to quote fails.
  const parent = await Deno.makeTempDir({ prefix: "guesthouse-" });
  const path = join(parent, "it's a test");
  await Deno.mkdir(path);
  const variables = { GUESTHOUSE_STATE: join(path, "state"), ...env };
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  return {
    path,
    async script(name, body) {
      const file = join(path, name);
      await Deno.writeTextFile(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
      return file;
    },
    async link(program) {
      const target = findProgram(program)?.path;
      if (target === undefined) throw new Error(`This test needs ${program}`);
      await Deno.symlink(target, join(path, program));
      return join(path, program);
    },
    async [Symbol.asyncDispose]() {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
      await Deno.remove(parent, { recursive: true });
    },
  };
}

/** Whether the host has a program; tests that need one say so by `ignore`. */
export const haveProgram = (name: string): boolean => findProgram(name) !== undefined;
