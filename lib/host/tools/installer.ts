import { join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { root } from "../../base/files/paths.ts";
import { $ } from "../../base/process/dollar.ts";
import { denoRun } from "../../base/process/reexec.ts";
import type { InstallOptions, InstallPlan } from "./install.ts";
import { TOOLS } from "./tool_table.ts";
import type { ToolVerdict } from "./tools.ts";

/** What `install_main.ts` is asked, as the one argument that it gets. */
export interface InstallRequest {
  /** Places in {@link TOOLS}: several of one name are there, each for other hosts. */
  readonly tools: readonly number[];
  /** Whether the plan is also carried out. */
  readonly install: boolean;
  readonly isPatient?: boolean;
}

/** What `install_main.ts` answers on standard output; its standard error is {@link toLine}s. */
export type InstallAnswer =
  | { readonly plan: InstallPlan; readonly haveSudo: boolean }
  | { readonly fault: Pick<HostError, "message" | "details" | "next"> };

/** For apt to end what it is writing, and for its starter to see that it has. */
const GRACE_MS = 12_000;

/** Plans the installation of what these verdicts lack on this host. */
export function planInstall(verdicts: readonly ToolVerdict[]) {
  return ask(verdicts, false);
}

/** Carries out the plan. Throws {@link HostError} with the end of the failed command's output. */
export async function install(
  verdicts: readonly ToolVerdict[],
  options: InstallOptions,
): Promise<void> {
  await ask(verdicts, true, options);
}

/** Asks a Deno with the permission set `install`, the only one with package managers and sudo. */
async function ask(
  verdicts: readonly ToolVerdict[],
  install: boolean,
  { log, signal, isPatient = false }: Partial<InstallOptions> = {},
): Promise<Extract<InstallAnswer, { readonly plan: unknown }>> {
  const wanting = verdicts.filter(({ status }) => status !== "ok");
  const request: InstallRequest = {
    ...{ tools: wanting.map(({ tool }) => TOOLS.indexOf(tool)), install, isPatient },
  };
  let begun = "";
  const main = join(root, "lib/host/tools/install_main.ts");
  const { stdout, stderr } = await $`${denoRun("install", main)} ${JSON.stringify(request)}`
    .noThrow().with({
      ...{ environment: "user", signal, graceMs: GRACE_MS },
      onOutput: (text, stream) => {
        if (stream === "stdout") return;
        const lines = (begun + text).split("\n");
        begun = lines.pop() ?? "";
        for (const line of lines) log?.[line.startsWith("i ") ? "info" : "debug"](line.slice(2));
      },
    });
  if (stdout === "") throw new Error(`install_main.ts has not answered: ${stderr}`);
  const answer: InstallAnswer = JSON.parse(stdout);
  if ("plan" in answer) return answer;
  throw new HostError(answer.fault.message, answer.fault);
}
