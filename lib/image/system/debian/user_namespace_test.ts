import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { HostError } from "../../../base/errors.ts";
import { sandbox } from "../../../base/host_testing.ts";
import { checkUserNamespace } from "./user_namespace.ts";

const { signal } = new AbortController();

/** What a user is told on a host where `unshare` and `cat` do this. */
async function refusal(unshare: string, cat = "exit 1"): Promise<HostError> {
  await using box = await sandbox({ PATH: Deno.env.get("PATH") ?? "" });
  await box.script("unshare", unshare);
  // The program of this task asks cat only for settings.
  await box.script("cat", cat);
  Deno.env.set("PATH", `${box.path}:${Deno.env.get("PATH")}`);
  return await assertRejects(() => checkUserNamespace(signal, { isRoot: false }), HostError);
}

const FORBIDDEN = "echo 'unshare: unshare failed: Operation not permitted' >&2; exit 1";

Deno.test("checkUserNamespace() names what keeps a user from building images, and what helps", async () => {
  const container = await refusal(FORBIDDEN);
  assertEquals(container.exit, 3);
  assertEquals(
    container.message,
    "Cannot build images without root: this host forbids user namespaces, as most containers do",
  );
  assertEquals(container.details, ["unshare: unshare failed: Operation not permitted"]);
  assertMatch(container.next ?? "", /^run it as root: .*deno\S* task setup-images --yes$/);

  const ubuntu = await refusal(
    "echo 'unshare: write failed /proc/self/uid_map: Operation not permitted' >&2; exit 1",
    "case $1 in *apparmor_restrict*) echo 1 ;; *) exit 1 ;; esac",
  );
  assertEquals(ubuntu.details, ["kernel.apparmor_restrict_unprivileged_userns is 1"]);
  assertMatch(ubuntu.next ?? "", /^sudo sysctl kernel\.apparmor_\w+=0, or run it as root: /);

  const debian = await refusal(FORBIDDEN, "case $1 in *userns_clone) echo 0 ;; *) exit 1 ;; esac");
  assertMatch(debian.next ?? "", /^sudo sysctl kernel\.unprivileged_userns_clone=1, or /);

  const noIds = await refusal(
    `echo 'unshare: no line matching user "me" in /etc/subuid: Success' >&2; exit 1`,
  );
  assertEquals(
    noIds.message,
    "Cannot build images without root: this user has no subordinate user ids",
  );
  assertMatch(noIds.next ?? "", /^sudo usermod --add-subuids /);
});

Deno.test("checkUserNamespace() lets root build, and users who may have namespaces", async () => {
  await checkUserNamespace(signal, { isRoot: true });
  await using box = await sandbox({ PATH: Deno.env.get("PATH") ?? "" });
  await box.script("unshare", "exit 0");
  Deno.env.set("PATH", `${box.path}:${Deno.env.get("PATH")}`);
  await checkUserNamespace(signal, { isRoot: false });
});
