import { resolve } from "@std/path";
import type { TaskContext } from "../cli/context.ts";
import { UsageError } from "../base/errors.ts";
import { ensureHost } from "../host/tools/ensure_host.ts";
import type { Variant } from "../config/parts.ts";
import type { GuestValues } from "../image/parts/common_options.ts";
import { ensureGvproxy } from "./gvproxy.ts";
import { kernelWords } from "../project/guest_rules.ts";
import { dryRunMicro } from "./micro_dry_run.ts";
import { MICRO_SIZE } from "./micro_machine.ts";
import { microNetwork, type MicroValues } from "./micro_options.ts";
import { callersDir, outputPath } from "../cli/output_path.ts";
import { evalCommand, requireFit, runInMicroVm } from "./run_micro.ts";
import { type FileTransfer, whyNotDownload, whyNotUpload } from "./transfers.ts";

/** What the options of `vm-run` say. */
type RunValues = GuestValues & MicroValues & { readonly timeout: number | undefined };

/** `vm-run` of a variant. */
export async function vmRunMicro(
  ctx: TaskContext<RunValues>,
  variant: Variant,
): Promise<number> {
  const { opt } = ctx;
  const { arch = Deno.build.arch } = opt;
  const network = microNetwork(opt.network, variant);
  const timeoutMs = opt.timeout === undefined ? undefined : opt.timeout * 1000;
  const argv = opt.eval === undefined ? ctx.rest : evalCommand(variant, opt.eval);
  requireFit({ argv, timeoutMs });
  const uploads = await Promise.all(opt.upload.map(upload));
  const downloads = await Promise.all(opt.download.map(download));
  await ensureHost(["vm"], ctx, { guestArchs: [arch], task: "vm-run" });
  const request = {
    ...{ variant, arch, network, signal: ctx.signal, append: kernelWords(opt.append) },
    memoryMiB: opt.memory ?? MICRO_SIZE.memoryMiB,
    cores: opt.cores ?? MICRO_SIZE.cores,
    accelerator: opt.accel,
    kernel: opt.kernel,
  };
  if (ctx.dryRun) return await dryRunMicro(ctx, request, argv);
  const gvproxy = network === "gvproxy" ? await ensureGvproxy(ctx) : undefined;
  ctx.log.step(`Start a microVM: ${variant} ${arch}`);
  return await runInMicroVm({
    ...{ ...request, gvproxy },
    cold: opt.cold,
    onWarning: (text) => ctx.log.warn(text),
  }, { argv, uploads, downloads, timeoutMs });
}

async function upload(text: string): Promise<FileTransfer> {
  const [, host = "", guest = ""] = /^(.+):(\/[^:]+)$/.exec(text) ?? [];
  if (guest === "") throw badTransfer("upload", text, "FILE:/GUEST/PATH");
  const path = resolve(callersDir(), host);
  const why = await whyNotUpload(path);
  if (why === undefined) return { host: path, guest };
  throw new UsageError(`Cannot upload "${host}": ${why}`, {
    details: [`looked at: ${path}`],
    next: "name a file that you may read; pack a directory with tar first",
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
