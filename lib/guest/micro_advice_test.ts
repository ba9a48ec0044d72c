import { assertEquals } from "@std/assert";
import { microAdvice } from "./micro_advice.ts";

const here = { variant: "raw", arch: Deno.build.arch };
const name = `raw-${here.arch}`;

Deno.test("microAdvice() turns advice for a platform into that for a microVM", () => {
  const cases: [string, string | undefined][] = [
    [`deno task setup-images ${name} --force`, `deno task build-images ${here.arch} --force`],
    [`deno task setup-images ${name} --explain`, `deno task build-images ${here.arch} --explain`],
    [`deno task build-vm ${name} --memory 4096`, "deno task vm-run raw --memory 4096 -- CMD"],
    [`deno task vm-run ${name} -- date`, "deno task vm-run raw -- date"],
    ["deno task ci-diagnose a.log, or raise timeouts.boot", "deno task ci-diagnose a.log"],
    [
      `qemu-img info images/dist/${name}/disk.qcow2`,
      `qemu-img info images/dist/raw-base-${here.arch}.qcow2`,
    ],
    [
      'give the guest more memory ("memory" in guesthouse.json)',
      "give the guest more memory (--memory)",
    ],
    [`deno task build-vm ${name} --keep`, undefined],
    [`less logs/setup-${name}.log`, undefined],
    ["less -R logs/x.console.log", "less -R logs/x.console.log"],
  ];
  for (const [advice, wanted] of cases) assertEquals(microAdvice(advice, here), wanted);
});

Deno.test("microAdvice() names an architecture that is not the host's", () => {
  const arch = here.arch === "aarch64" ? "x86_64" : "aarch64";
  assertEquals(
    microAdvice(`deno task build-vm node-${arch} --memory 4096`, { variant: "node", arch }),
    `deno task vm-run node --arch ${arch} --memory 4096 -- CMD`,
  );
});
