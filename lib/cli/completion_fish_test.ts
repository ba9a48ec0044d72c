import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { haveProgram } from "../base/host_testing.ts";
import { type CompletionCheckout, createCheckout, runShell } from "./completion_testing.ts";

const ignore = !haveProgram("fish");
const where = ignore ? " (fish is not here)" : "";

/** What fish offers for each of these command lines, and the help beside it. */
async function fishOffers(
  { script }: CompletionCheckout,
  lines: readonly string[],
  cwd: string,
  before = "",
): Promise<string[][]> {
  const code = `${before}
    source $argv[1]
    for line in $argv[2..]
      complete -C $line
      echo end of list
    end`;
  const { stdout, stderr } = await runShell(
    ["fish", "--no-config", "-c", code, script, ...lines],
    { cwd, home: dirname(script) },
  );
  assertEquals(stderr, "");
  return stdout.split("end of list\n").slice(0, -1).map((list) => list.split("\n").slice(0, -1));
}

const VM_TASKS = ["vm-run\tRun one command in a guest", "vm-stop\tStop a kept guest"];

Deno.test({
  name: `the fish script completes tasks, options, values and paths in a real fish${where}`,
  ignore,
  async fn(t) {
    await using checkout = await createCheckout("fish");
    const cases: [line: string, offers: string[]][] = [
      ["deno task vm", VM_TASKS],
      ["just ", ["build-vm\tBuild in a guest", ...VM_TASKS]],
      [`${Deno.execPath()} task b`, ["build-vm\tBuild in a guest"]],
      ["GUESTHOUSE_LOGS=/tmp deno task vm-s", ["vm-stop\tStop a kept guest"]],
      ["deno task build-vm debian-ar", ["debian-arm64"]],
      ['deno task build-vm "debian-ar', ["debian-arm64"]],
      ["deno task 'build-vm' debian-ar", ["debian-arm64"]],
      ["deno task build-vm debian-arm64 ", ["debian-amd64"]],
      ["deno task build-vm --j", ["--json\tprint one JSON document on standard output"]],
      ["deno task build-vm --accel k", ["kvm"]],
      ["deno task build-vm --accel=k", ["--accel=kvm"]],
      ["deno task build-vm --accel=", ["--accel=auto", "--accel=kvm", "--accel=tcg"]],
      ["deno task build-vm --project some", ["some directory/\tDirectory"]],
      ["deno task build-vm --project=some", ["--project=some directory/\tDirectory"]],
      ['deno task build-vm --project "some d', ["some directory/\tDirectory"]],
      ["deno task build-vm --project=some\\ d", ["--project=some directory/\tDirectory"]],
      ['deno task build-vm --project="some d', ["--project=some directory/\tDirectory"]],
      ["deno task build-vm --project=a=b/i", ["--project=a=b/inner/\tDirectory"]],
      ["just vm-run some", ["some directory/", "some file.txt"]],
      ["deno task vm-run x -- b", []],
      ["just vm-stop ci", ["ci-1", "ci-2"]],
    ];
    const offers = await fishOffers(checkout, cases.map(([line]) => line), checkout.dir);
    for (const [index, [line, expected]] of cases.entries()) {
      await t.step(line, () => assertEquals(offers[index], expected));
    }
  },
});

Deno.test({
  name: `the fish script leaves other commands and places to the former completion${where}`,
  ignore,
  async fn() {
    await using checkout = await createCheckout("fish");
    const { dir } = checkout;
    const former = "complete -c deno -f -a former; complete -c just -f -a former";
    assertEquals(
      await fishOffers(checkout, ["deno run f", "deno f"], dir, former),
      [["former"], ["former"]],
    );
    assertEquals(
      await fishOffers(checkout, ["deno task f", "just f"], dirname(dir), former),
      [["former"], ["former"]],
    );
    assertEquals(
      await fishOffers(checkout, ["just vm-s"], join(dir, "some directory")),
      [["vm-stop\tStop a kept guest"]],
    );
  },
});

Deno.test({
  name: `the fish script runs the deno that was typed when none is on PATH${where}`,
  ignore,
  async fn() {
    await using checkout = await createCheckout("fish");
    const { dir, script } = checkout;
    await Deno.symlink(Deno.execPath(), join(dirname(script), "deno"));
    assertEquals(
      await fishOffers(checkout, ["~/deno task vm-s"], dir, "set -gx PATH /usr/bin /bin"),
      [["vm-stop\tStop a kept guest"]],
    );
  },
});
