import { UsageError } from "../base/errors.ts";
import type { OptionValues } from "../cli/option_values.ts";
import type { OptionSpec } from "../cli/spec.ts";
import { NETWORK_MODES } from "../config/network.ts";
import { KERNEL_CHOICES, MICRO_NETWORKS, type MicroNetwork } from "./micro_machine.ts";
import { MICRO_ARCHS } from "../config/archs.ts";
import { VARIANTS } from "../config/parts.ts";

/** The options of `vm-run` for microVMs; except for the network, only for them. */
export const MICRO_OPTIONS = [
  {
    name: "arch",
    type: "string",
    value: "ARCH",
    choices: MICRO_ARCHS,
    onlyFor: VARIANTS,
    help: "a variant's architecture (default: the host's)",
  },
  {
    name: "eval",
    type: "string",
    value: "CODE",
    onlyFor: VARIANTS,
    help: "instead of CMD: code in the variant's language (raw: sh)",
  },
  {
    name: "upload",
    type: "string",
    value: "FILE:GUEST",
    repeat: true,
    onlyFor: VARIANTS,
    help: "copy a file into a variant's guest first, to an absolute path",
  },
  {
    name: "download",
    type: "string",
    value: "GUEST:FILE",
    repeat: true,
    onlyFor: VARIANTS,
    help: "copy a file out of a variant's guest afterwards",
  },
  {
    name: "network",
    type: "string",
    value: "NAME",
    suggestions: [...new Set([...NETWORK_MODES, ...MICRO_NETWORKS])],
    help: "what the guest may reach: internet, none, open, or HOST,HOST... (default: internet); " +
      "a variant: none, user (the host's, by QEMU), or gvproxy (default: none)",
  },
  {
    name: "kernel",
    type: "string",
    value: "NAME",
    choices: KERNEL_CHOICES,
    onlyFor: VARIANTS,
    help: "a variant's kernel (default: that of build-kernel, if it has been built)",
  },
] as const satisfies readonly OptionSpec[];

/** What {@link MICRO_OPTIONS} say. */
export type MicroValues = OptionValues<typeof MICRO_OPTIONS>;

/** The network of a variant, whose rules differ from those of a platform. */
export function microNetwork(value: string | undefined, variant: string): MicroNetwork {
  const network = MICRO_NETWORKS.find((known) => known === (value ?? "none"));
  if (network !== undefined) return network;
  throw new UsageError(
    `Cannot use --network ${JSON.stringify(value)} with variant "${variant}": ` +
      `it takes ${MICRO_NETWORKS.join(", ")}`,
    { next: "deno task vm-run --help" },
  );
}
