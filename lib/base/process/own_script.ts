import { fromFileUrl } from "@std/path";
import { HostError } from "../errors.ts";

/** The path of a script of ours, by which permission sets can name it instead of `sh`. */
export function ownScript(name: string, module: string): string {
  return fromFileUrl(new URL(name, module));
}

/** What the operating system's refusal to run one of our scripts means. */
export function refusedScript(script: string, cause: Deno.errors.PermissionDenied): HostError {
  return new HostError(`Cannot run any program: "${script}" may not be executed`, {
    details: ["it has lost its mode, or the checkout lies on a file system mounted with noexec"],
    next: `chmod +x '${script}', or clone guesthouse to a file system that runs programs`,
    cause,
  });
}
