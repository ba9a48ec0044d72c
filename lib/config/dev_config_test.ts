import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../base/errors.ts";
import { defineDev, type DevConfigInput } from "./dev_config.ts";
import { loadDevConfig } from "../dev/load_dev.ts";

/** The faults that a config is refused with. */
function faultsOf(input: unknown): readonly string[] {
  return assertThrows(() => defineDev(input as DevConfigInput), UsageError).details;
}

Deno.test("defineDev() fills in every default", () => {
  assertEquals(defineDev({ share: { name: "project" } }), {
    name: "armdev",
    flavour: "nixos",
    share: { mode: "9p", name: "project", readOnly: false, hostStore: false },
    sshPort: 5022,
    memoryMiB: 4096,
    cores: 2,
    diskGiB: 32,
    user: "armdev",
    bootMs: 180_000,
  });
});

Deno.test("defineDev() reports all faults at once, with the nearest known field", () => {
  const faults = faultsOf({
    flavour: "arch",
    share: { mode: "nfs", name: "usr", readonly: true },
    sshPort: 0,
    user: "root",
  });
  assertEquals([...faults].sort(), [
    'flavour: found "arch", wanted "nixos" or "debian"',
    'share.mode: found "nfs", wanted "9p" or "virtiofs" or "rsync"',
    'share.name: found "usr", wanted a name that no directory of the guest\'s own has',
    'share.readonly: unknown field, did you mean "readOnly"?',
    "sshPort: found 0, wanted a port, a whole number from 1 to 65535",
    'user: found "root", wanted a user other than root',
  ]);
});

for (const name of ["", "Project", "a/b", "..", "a b", "-x", "etc", "nix", "home"]) {
  Deno.test(`defineDev() refuses a share at /${name}`, () => {
    assertEquals(faultsOf({ share: { name } }).length, 1);
  });
}

Deno.test("loadDevConfig() loads the config of the checkout", async () => {
  const { share, sshPort, user } = await loadDevConfig();
  assertEquals([share.name, share.mode, sshPort, user], ["hello-cmake", "9p", 5022, "armdev"]);
});

Deno.test("loadDevConfig() says which file does not load, and why", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/arm_dev.ts`;
    await Deno.writeTextFile(path, "export default {\n");
    const error = await loadDevConfig(path).then(() => undefined, (error) => error);
    assertEquals(error instanceof UsageError, true, String(error));
    assertEquals(error.message.startsWith(`Cannot load ${path}: `), true, error.message);
    assertEquals(error.next, `edit ${path}`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
