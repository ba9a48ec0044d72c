import type { Share, ShareRequest } from "./share.ts";

/** The share of the config, its modules loaded on demand. Throws `HostError` if not possible. */
export async function makeShare(request: ShareRequest): Promise<Share> {
  const share = await projectShare(request);
  const { config, signal } = request;
  if (!config.share.hostStore) return share;
  const { withHostStore } = await import("./host_store.ts");
  return withHostStore(share, { user: config.user, signal });
}

async function projectShare(request: ShareRequest): Promise<Share> {
  switch (request.config.share.mode) {
    case "9p":
      return await (await import("./share_9p.ts")).make9pShare(request);
    case "virtiofs":
      return (await import("./share_virtiofs.ts")).makeVirtiofsShare(request);
    case "rsync":
      return (await import("./share_rsync.ts")).makeRsyncShare(request);
  }
}
