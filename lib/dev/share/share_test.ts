import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { HostError, UsageError } from "../../base/errors.ts";
import { processStartTime } from "../../base/process/start_time.ts";
import { makeShare } from "./make_share.ts";
import { withShareRequest } from "./share_testing.ts";

Deno.test("makeShare() shares by 9p, with the host's user as the guest's", async () => {
  await withShareRequest("9p", async (request) => {
    const share = await makeShare(request);
    const [, fsdev = ""] = share.qemuArgs();
    const path = request.hostDir.replaceAll(",", ",,");
    const wrapped = share.launchWrapper.length > 0;
    assertEquals(
      fsdev,
      `local,id=share0,path=${path},security_model=${wrapped ? "none" : "mapped-xattr"},` +
        "multidevs=remap",
    );
    assertEquals(share.notes.length, wrapped ? 0 : 1);
    assertEquals(share.sharedMemory, false);
    await using helpers = await share.beforeStart();
    assertEquals(helpers.processes, {});
  });
});

Deno.test("makeShare() needs no namespace between equal users", async () => {
  await withShareRequest("9p", async (request) => {
    const share = await makeShare({ ...request, guestIds: request.hostIds });
    assertEquals(share.launchWrapper, []);
  });
});

Deno.test("Share.beforeStart() refuses a missing directory in every mode", async () => {
  for (const mode of ["9p", "virtiofs", "rsync"] as const) {
    await withShareRequest(mode, async (request) => {
      const share = await makeShare(request);
      await Deno.remove(request.hostDir);
      await assertRejects(() => share.beforeStart(), UsageError, "there is no such directory");
    });
  }
});

Deno.test("Share.beforeStart() has virtiofsd listen, and disposal ends it", async () => {
  await withShareRequest("virtiofs", async (request) => {
    const share = await makeShare(request);
    const socket = join(request.socketDir, "virtiofs");
    assertEquals(share.sharedMemory, true);
    let pid = 0;
    {
      await using helpers = await share.beforeStart();
      const daemon = helpers.processes.virtiofsd;
      pid = daemon?.pid ?? 0;
      assertEquals(await processStartTime(pid), daemon?.startTime);
      assertEquals((await Deno.lstat(socket)).isSocket, true);
    }
    assertEquals(await processStartTime(pid), undefined);
    await share.afterStop();
    assertEquals(await Array.fromAsync(Deno.readDir(request.socketDir)), []);
  });
});

Deno.test("Share.beforeStart() shows virtiofsd's own words when it ends at once", async () => {
  await withShareRequest("virtiofs", async (request) => {
    const share = await makeShare(request);
    // Nobody can make a socket where there is no directory.
    await Deno.remove(request.socketDir);
    const error = await assertRejects(
      () => share.beforeStart(),
      HostError,
      "Cannot share the project by virtiofs: virtiofsd ended at once",
    );
    assertEquals(error.details.at(-1), `log: ${request.log}`);
    assertEquals(error.details.length > 1, true);
    assertEquals(error.next, "pass --share 9p");
  });
});

Deno.test("makeShare() refuses a socket path that is too long for virtiofs", async () => {
  await withShareRequest("virtiofs", async (request) => {
    const socketDir = join(request.socketDir, "x".repeat(100));
    await assertRejects(() => makeShare({ ...request, socketDir }), HostError, "103 are possible");
  });
});
