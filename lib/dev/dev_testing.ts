import { join } from "@std/path";
import { sandbox } from "../base/host_testing.ts";
import { defineDev } from "../config/dev_config.ts";
import { type DevRecord, writeDevRecord } from "./state/record.ts";
import { bootId, recordProcess } from "./state/state.ts";

/** A config that names nothing but what must be named. */
export const CONFIG = defineDev({ share: { name: "project" } });

/** A state directory of its own, and a directory for sockets. */
export async function devSandbox() {
  const stack = new AsyncDisposableStack();
  const box = stack.use(await sandbox());
  stack.use(await sandbox({ XDG_RUNTIME_DIR: box.path }));
  return {
    path: box.path,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Writes the record of a guest whose QEMU is that process, with other facts where given. */
export async function recordOf(
  pid: number,
  facts: Partial<DevRecord> = {},
): Promise<DevRecord> {
  const socketDir = join(Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp", "guest");
  await Deno.mkdir(socketDir, { recursive: true });
  const record: DevRecord = {
    name: CONFIG.name,
    flavour: "debian",
    qemu: await recordProcess(pid),
    helpers: {},
    bootId: await bootId(),
    since: new Date().toISOString(),
    sshPort: 5022,
    user: "armdev",
    socketDir,
    qmpSocket: join(socketDir, "qmp"),
    consoleSocket: join(socketDir, "console"),
    sshSocket: join(socketDir, "ssh"),
    accelerator: "tcg",
    memoryMiB: 4096,
    cores: 2,
    share: { mode: "9p", hostDir: "/home/me/project", guestDir: "/project", readOnly: false },
    ...facts,
  };
  await writeDevRecord(record);
  return record;
}
