import { resolve } from "@std/path";
import type { TaskContext } from "../cli/context.ts";
import { UsageError } from "../cli/errors.ts";
import type { AcceleratorChoice } from "../host/accelerator.ts";
import { ensureHost } from "../host/ensure_host.ts";
import { reexec } from "../host/reexec.ts";
import type { ElfArch } from "../image/elf.ts";
import type { Variant } from "../config/parts.ts";
import { ensureGvproxy } from "./gvproxy.ts";
import { kernelWords } from "./load.ts";
import { dryRunMicro } from "./micro_dry_run.ts";
import { type KernelChoice, MICRO_SIZE, type MicroNetwork } from "./micro_machine.ts";
import { requireCommand } from "./micro_options.ts";
import { callersDir, outputPath } from "./output_path.ts";
import { evalCommand, requireFit, runInMicroVm } from "./run_micro.ts";
import { type FileTransfer, whyNotDownload, whyNotUpload } from "./transfers.ts";

/** `vm-run` of a variant. */
export async function vmRunMicro(
  ctx: TaskContext,
  variant: Variant,
  file: string,
): Promise<number> {
  const seconds = ctx.num("timeout");
  const timeoutMs = seconds === undefined ? undefined : seconds * 1000;
  const argv = commandOf(ctx, variant);
  requireFit({ argv, timeoutMs });
  const uploads = await Promise.all(ctx.list("upload").map(upload));
  const downloads = await Promise.all(ctx.list("download").map(download));
  const arch = (ctx.str("arch") ?? Deno.build.arch) as ElfArch;
  const { installed } = await ensureHost(["vm"], ctx, { guestArchs: [arch], task: "vm-run" });
  if (installed) return await reexec("build", file, Deno.args);
  const network = (ctx.str("network") ?? "none") as MicroNetwork;
  const request = {
    ...{ variant, arch, network, signal: ctx.signal, append: kernelWords(ctx) },
    memoryMiB: ctx.num("memory") ?? MICRO_SIZE.memoryMiB,
    cores: ctx.num("cores") ?? MICRO_SIZE.cores,
    accelerator: ctx.str("accel") as AcceleratorChoice,
    kernel: ctx.str("kernel") as KernelChoice | undefined,
  };
  if (ctx.dryRun) return await dryRunMicro(ctx, request, argv);
  const gvproxy = network === "gvproxy" ? await ensureGvproxy(ctx) : undefined;
  ctx.log.step(`Start a microVM: ${variant} ${arch}`);
  return await runInMicroVm({
    ...{ ...request, gvproxy },
    cold: ctx.flag("cold"),
    onWarning: (text) => ctx.log.warn(text),
  }, { argv, uploads, downloads, timeoutMs });
}

function commandOf(ctx: TaskContext, variant: Variant): readonly string[] {
  const code = ctx.str("eval");
  if (code === undefined) {
    requireCommand(ctx);
    return ctx.rest;
  }
  if (ctx.rest.length === 0) return evalCommand(variant, code);
  throw new UsageError("Cannot use --eval with -- CMD: each says what to run", {
    next: "deno task vm-run --help",
  });
}

async function upload(text: string): Promise<FileTransfer> {
  const [, host = "", guest = ""] = /^(.+):(\/[^:]+)$/.exec(text) ?? [];
  if (guest === "") throw badTransfer("upload", text, "FILE:/GUEST/PATH");
  const path = resolve(callersDir(), host);
  const why = await whyNotUpload(path);
  if (why === undefined) return { host: path, guest };
  throw new UsageError(`Cannot upload "${host}": ${why}`, {
    details: [`looked at: ${path}`],
    next: "name a file that you may read; pack a folder with tar first",
  });
}

async function download(text: string): Promise<FileTransfer> {
  const [, guest = "", host = ""] = /^(\/[^:]*):(.+)$/.exec(text) ?? [];
  if (guest === "") throw badTransfer("download", text, "/GUEST/PATH:FILE");
  const path = await outputPath(host, {
    action: "download to",
    noun: "a file",
    whyNot: whyNotDownload,
  });
  return { guest, host: path };
}

function badTransfer(option: string, text: string, form: string): UsageError {
  return new UsageError(`Cannot ${option} ${JSON.stringify(text)}: it is not ${form}`, {
    next: "deno task vm-run --help",
  });
}
