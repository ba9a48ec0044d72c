import { HostError } from "../base/errors.ts";

/** Ensures that a port on 127.0.0.1 is free, as QEMU's error is vague. Throws {@link HostError}. */
export function checkPort(port: number, name: string): void {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
  } catch (cause) {
    const denied = cause instanceof Deno.errors.PermissionDenied;
    if (!denied && !(cause instanceof Deno.errors.AddrInUse)) throw cause;
    const why = denied
      ? `port ${port} of 127.0.0.1 is not allowed for this user`
      : `port ${port} of 127.0.0.1 is already in use`;
    throw new HostError(`Cannot start guest "${name}": ${why}`, {
      details: [`see which program uses it: ${whoHas(port)}`],
      next: "deno task arm-dev --ssh-port N, or set another sshPort in configs/arm_dev.ts",
      cause,
    });
  }
}

/** The command that shows which program listens on a port. */
export function whoHas(port: number, os: typeof Deno.build.os = Deno.build.os): string {
  return os === "darwin" ? `lsof -nP -iTCP:${port} -sTCP:LISTEN` : `ss -ltnp "sport = :${port}"`;
}
