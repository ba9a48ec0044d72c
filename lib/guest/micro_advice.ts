interface MicroGuest {
  readonly variant: string;
  readonly arch: string;
}

/** What a microVM has not: it is made of parts, cannot be kept, and gets no files of ours. */
const PLATFORMS_ONLY =
  /\bvm-(?:ssh|stop) |\bless logs\/setup-|--(?:keep|shell-on-failure|dry-run)\b/;

/**
 * Turns advice for a platform's guest into that for a microVM, whose parts are built by
 * `build-images` and which `vm-run VARIANT` runs; `undefined` if nothing corresponds.
 */
export function microAdvice(advice: string, { variant, arch }: MicroGuest): string | undefined {
  if (PLATFORMS_ONLY.test(advice)) return undefined;
  const name = `${variant}-${arch}`;
  const run = `deno task vm-run ${variant}${arch === Deno.build.arch ? "" : ` --arch ${arch}`}`;
  return advice
    .replaceAll(`deno task setup-images ${name}`, `deno task build-images ${arch}`)
    .replace(new RegExp(`deno task build-vm ${name}(.*)$`), `${run}$1 -- CMD`)
    .replaceAll(`deno task vm-run ${name}`, run)
    .replaceAll(`images/dist/${name}/disk.qcow2`, `images/dist/${variant}-base-${arch}.qcow2`)
    .replace('("memory" in guesthouse.json)', "(--memory)")
    // No setting of a project holds for it.
    .replace(", or raise timeouts.boot", "");
}
