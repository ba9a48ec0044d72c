// Plans what installs tools, and carries it out, for tasks that may not: see installer.ts.
import { TaskError } from "../../base/errors.ts";
import { writeStderr } from "../../base/terminal/screen.ts";
import { writeStdout } from "../../base/terminal/output.ts";
import { hostFacts } from "../facts.ts";
import {
  haveAptLists,
  havePasswordlessSudo,
  installPlan,
  lacksSudo,
  runInstall,
} from "./install.ts";
import type { InstallAnswer, InstallRequest } from "./installer.ts";
import { TOOLS } from "./tool_table.ts";

async function answer(request: InstallRequest, signal: AbortSignal): Promise<InstallAnswer> {
  const [facts, haveSudo, haveLists] = await Promise.all([
    ...[hostFacts(), havePasswordlessSudo(), haveAptLists()] as const,
  ]);
  const host = { ...facts, haveSudo, lacksSudo: lacksSudo(), haveAptLists: haveLists };
  const wanting = TOOLS.filter((_, place) => request.tools.includes(place));
  const plan = installPlan(wanting.map((tool) => ({ tool, status: "missing" })), host);
  if (!request.install) return { plan, haveSudo };
  const told = (level: "i" | "d") => (text: string) =>
    text.split("\n").forEach((line) => writeStderr(`${level} ${line}\n`));
  try {
    const log = { info: told("i"), debug: told("d") };
    await runInstall(plan, host, { log, signal, isPatient: request.isPatient === true });
    return { plan, haveSudo };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      const message = "Cannot install the missing tools: a program is not where packages have it";
      return { fault: { message, details: [error.message], next: plan.text } };
    }
    if (!(error instanceof TaskError)) throw error;
    const { message, details, next } = error;
    return { fault: { message, details, next } };
  }
}

if (import.meta.main) {
  const end = new AbortController();
  // Signals are meant for apt, which must not be left with half a package.
  Deno.addSignalListener("SIGTERM", () => end.abort());
  writeStdout(JSON.stringify(await answer(JSON.parse(Deno.args[0] ?? ""), end.signal)));
  Deno.exit();
}
