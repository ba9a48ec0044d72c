import type { TaskContext } from "../cli/context.ts";
import type { FlavourName } from "../config/dev_config.ts";
import { ensureKeys } from "../host/keys.ts";
import { connectDev } from "./connect_dev.ts";
import { requireAnswering } from "./entered.ts";
import { guestIds } from "./ids.ts";
import { loadDevConfig } from "./load_dev.ts";
import { recordLock } from "./flavour/nixos/nixos_first_boot.ts";
import type { DevRecord } from "./state/record.ts";
import { configuredMount } from "./share/share_mount.ts";
import { updateDev } from "./update.ts";
import { collect } from "./update_link.ts";
import { debianSource, nixosSource, type UpdateSource } from "./update_source.ts";

/** The work of `arm-dev-update`. */
export async function runUpdate(
  ctx: TaskContext<{ readonly confirmSeconds: number }>,
): Promise<void> {
  const config = await loadDevConfig();
  const record = await requireAnswering(ctx, config.name);
  const update = UPDATES[record.flavour];
  if (ctx.dryRun) {
    ctx.print(update.dryRun(record.name));
    return;
  }
  const { needsRestart } = await updateDev({
    record,
    source: await update.source(record, ctx.signal),
    confirmSeconds: ctx.opt.confirmSeconds,
    signal: ctx.signal,
    onStep: (step) => ctx.log.step(`${config.name}: ${step}`),
    log: (line) => ctx.log.debug(line),
  });
  await update.kept?.(ctx, record);
  ctx.result({ ok: true, name: config.name, flavour: record.flavour, needsRestart });
  ctx.log.info(
    needsRestart
      ? `Guest "${config.name}" is updated; to boot its new kernel: ` +
        "deno task arm-dev-shutdown && deno task arm-dev"
      : `Guest "${config.name}" is updated`,
  );
}

/** Records nixpkgs as Nix in the guest has pinned it, unless it was pinned before. */
async function keepLock(ctx: TaskContext, record: DevRecord): Promise<void> {
  await using ssh = await connectDev(record, { signal: ctx.signal });
  const { code, stdout } = await collect(ssh, ["cat", "/etc/nixos/flake.lock"], ctx.signal);
  if (code !== 0 || !await recordLock(stdout)) return;
  ctx.log.info("Recorded nixpkgs in nix/flake.lock. Commit that file");
}

/** The checkout's configuration, for a guest that sees the project as it was started. */
async function checkoutSource({ share }: DevRecord, signal: AbortSignal): Promise<UpdateSource> {
  const { clientPublic } = await ensureKeys(signal);
  return await nixosSource({
    config: await loadDevConfig(),
    guestIds: guestIds(),
    mount: configuredMount(share),
    authorizedKeys: [clientPublic],
  });
}

/** How guests of a flavour are updated. */
interface FlavourUpdate {
  source(record: DevRecord, signal: AbortSignal): Promise<UpdateSource>;
  readonly dryRun: (name: string) => string;
  /** What follows once an update is kept. */
  kept?(ctx: TaskContext, record: DevRecord): Promise<void>;
}

const UPDATES: Readonly<Record<FlavourName, FlavourUpdate>> = {
  debian: {
    source: () => Promise.resolve(debianSource),
    dryRun: (name) => `copy provision/arm_dev_debian.sh to guest "${name}", and run it there`,
  },
  nixos: {
    source: checkoutSource,
    dryRun: (name) =>
      `copy nix/ to guest "${name}", there: nixos-rebuild build --flake path:/etc/nixos.new#armdev, ` +
      "and switch to it",
    kept: keepLock,
  },
};
