import { fromFileUrl } from "@std/path";
import { HostError } from "../errors.ts";

/**
 * The path of a shell script of ours. Permission sets name such scripts one by one, so that no task
 * has to name `sh`, which could run anything; hence they are run by their path.
 *
 * @param name relative to `module`, which is the caller's `import.meta.url`
 */
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
