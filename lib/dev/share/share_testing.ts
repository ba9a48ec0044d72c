import { join } from "@std/path";
import { defineDev, type ShareMode } from "../../config/dev_config.ts";
import type { ShareRequest } from "./share.ts";

/** A directory to share, with an odd name, and a request for it; all of it goes afterwards. */
export async function withShareRequest(
  mode: ShareMode,
  use: (request: ShareRequest, dir: string) => Promise<void>,
  readOnly = false,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "gh-share-" });
  try {
    const hostDir = join(dir, "my, project");
    const socketDir = join(dir, "s");
    await Deno.mkdir(hostDir);
    await Deno.mkdir(socketDir, { mode: 0o700 });
    await use({
      config: defineDev({ share: { mode, name: "project", readOnly } }),
      ...{ hostDir, socketDir },
      guestDir: "/project",
      hostIds: { uid: Deno.uid() ?? 0, gid: 0 },
      guestIds: { uid: 4711, gid: 4711 },
      log: join(dir, "helpers.log"),
      signal: new AbortController().signal,
    }, dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
