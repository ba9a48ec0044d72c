// Updates of a real dev guest in the Debian flavour: two that are kept, and three that are not.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { GuestError, WorkError } from "../lib/base/errors.ts";
import { connectDev } from "../lib/dev/connect_dev.ts";
import { type DevRecord, readDevRecord } from "../lib/dev/state/record.ts";
import { updateDev, type UpdateOutcome } from "../lib/dev/update.ts";
import { collect } from "../lib/dev/update_link.ts";
import { debianSource, type UpdateSource } from "../lib/dev/update_source.ts";
import { placeDevGuest } from "./support/dev_guest.ts";
import { freePort, useEnvironment } from "./support/environment.ts";
import { makeSandbox, type TaskOutcome } from "./support/harness.ts";
import { writeProject } from "./support/projects.ts";

const { signal } = new AbortController();

/** The flavour's own provisioning, and then something else. */
function provisioningWith(lines: string): UpdateSource {
  return {
    ...debianSource,
    async fill(dir) {
      await debianSource.fill(dir);
      await Deno.writeTextFile(join(dir, "provision.sh"), lines, { append: true });
    },
  };
}

Deno.test("updates of a Debian dev guest", async (t) => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "project", { "a.txt": "a\n" });
  await using _cleanup = {
    async [Symbol.asyncDispose]() {
      await box.task("arm-dev-kill");
    },
  };
  await placeDevGuest(box);
  const port = ["--ssh-port", String(freePort())];
  const startArgs = ["--project", project, "--memory", "1024", ...port];
  const start = await box.task("arm-dev", startArgs);
  assertEquals(start.code, 0, start.stderr);
  using _env = useEnvironment(box.env);
  let record = await readDevRecord("armdev") as DevRecord;
  const inGuest = async (...argv: string[]) => {
    await using ssh = await connectDev(record, { signal });
    return await collect(ssh, argv, signal);
  };
  /** By default with little time for a login, which is not to come. */
  const update = (source: UpdateSource, confirmSeconds = 15): Promise<UpdateOutcome> =>
    updateDev({ record, source, signal, confirmSeconds, onStep: () => {}, log: () => {} });

  await t.step(
    "arm-dev-update provisions again, and the guest can still be logged in to",
    async () => {
      await inGuest("sudo", "rm", "/usr/local/sbin/guesthouse-clock");
      const { code, stderr } = await box.task("arm-dev-update", ["--verbose"]);
      assertEquals(code, 0, stderr);
      assertEquals((await inGuest("test", "-x", "/usr/local/sbin/guesthouse-clock")).code, 0);
      // What comes with each start is still there for sshd's next one.
      assertEquals((await inGuest("test", "-s", "/etc/ssh/ssh_host_ed25519_key.pub")).code, 0);
    },
  );

  await t.step("a configuration that sshd refuses is rolled back", async () => {
    const source = provisioningWith(
      "\necho changed >/etc/added-by-test\necho went wrong\necho Nonsense >>/etc/ssh/sshd_config\n",
    );
    const error = await assertRejects(() => update(source), WorkError, "was rolled back");
    assertStringIncludes(error.details.join("\n"), "went wrong");
    assertEquals((await inGuest("test", "-e", "/etc/added-by-test")).code, 1);
    assertEquals((await inGuest("grep", "-c", "Nonsense", "/etc/ssh/sshd_config")).code, 1);
  });

  await t.step("a configuration that allows no login is rolled back", async () => {
    const source = provisioningWith(
      "\necho AllowUsers nobody >>/etc/ssh/sshd_config\necho x >/etc/added-by-test\n",
    );
    const error = await assertRejects(() => update(source), WorkError, "nobody can log in");
    assertStringIncludes(error.details.join("\n"), "the guest waited 15 s");
    assertEquals((await inGuest("test", "-e", "/etc/added-by-test")).code, 1);
    await using ssh = await connectDev(record, { signal });
    assertEquals((await ssh.exec(["true"])).code, 0);
  });

  await t.step("a guest with another user than its image had is provisioned as it is", async () => {
    const visitor = "useradd visitor && echo visitor >/var/lib/guesthouse-user";
    await inGuest("sudo", "sh", "-c", `${visitor} && echo '# mine' >/etc/fstab`);
    assertEquals(await update(debianSource, 120), { needsRestart: false });
    const { stdout } = await inGuest("id", "-nG", "visitor");
    assertStringIncludes(stdout, "sudo");
    assertEquals((await inGuest("cat", "/etc/fstab")).stdout, "# mine\n");
    await inGuest("sudo", "rm", "/var/lib/guesthouse-user");
  });

  await t.step("a guest that ends during an update is rolled back at its next start", async () => {
    const broken = "echo Nonsense >>/etc/ssh/sshd_config; echo x >/etc/added-by-test; sync";
    const kill = Promise.withResolvers<TaskOutcome>();
    const updating = updateDev({
      source: provisioningWith(`\n${broken}\necho now it is broken\nsleep 600\n`),
      ...{ record, signal, onStep: () => {} },
      log: (line) => {
        if (line === "now it is broken") kill.resolve(box.task("arm-dev-kill"));
      },
    });
    const error = await assertRejects(() => updating, GuestError, "its QEMU has ended");
    assertEquals(error.next, "deno task arm-dev");
    assertEquals((await kill.promise).code, 0);
    const again = await box.task("arm-dev", startArgs);
    assertEquals(again.code, 0, again.stderr);
    record = await readDevRecord("armdev") as DevRecord;
    assertEquals((await inGuest("grep", "-c", "Nonsense", "/etc/ssh/sshd_config")).code, 1);
    for (const path of ["/etc/added-by-test", "/sbin/guest-agent", "/var/lib/guesthouse-update"]) {
      assertEquals((await inGuest("test", "-e", path)).code, 1, path);
    }
  });
});
