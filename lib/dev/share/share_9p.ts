import { p9Args } from "../../qemu/share_args.ts";
import { PLAIN_SHARE, type Share, type ShareRequest } from "./share.ts";
import { checkShareDir } from "../state/share_dir.ts";
import { chooseOwnership } from "./share_owner.ts";

/** The project as a directory that QEMU itself serves. */
export async function make9pShare(request: ShareRequest): Promise<Share> {
  const { hostDir, hostIds, guestIds, signal } = request;
  const { readOnly } = request.config.share;
  const ownership = await chooseOwnership(hostIds, guestIds, { signal });
  const wrapper = ownership.kind === "namespace" ? ownership.wrapper : [];
  return {
    ...PLAIN_SHARE,
    launchWrapper: wrapper,
    notes: ownership.kind === "recorded"
      ? [
        `This host allows no user namespace, so the guest sees files of uid ${hostIds.uid} as ` +
        "another user's, and what it makes has mode 600 here. Better: --share rsync",
      ]
      : [],
    qemuArgs: () =>
      p9Args({
        dir: hostDir,
        security: ownership.kind === "recorded" ? "mapped-xattr" : "none",
        readOnly,
      }),
    async beforeStart() {
      await checkShareDir({ dir: hostDir, readOnly, wrapper, signal });
      return await PLAIN_SHARE.beforeStart();
    },
  };
}
