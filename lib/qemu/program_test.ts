import { assertEquals } from "@std/assert";
import { parseAliases, pinMachine, qemuProgram } from "./program.ts";

Deno.test("parseAliases() reads what QEMU 7.2 prints", () => {
  const help = "Supported machines are:\n" +
    "microvm              microvm (i386)\n" +
    "pc                   Standard PC (i440FX + PIIX, 1996) (alias of pc-i440fx-7.2)\n" +
    "pc-i440fx-7.2        Standard PC (i440FX + PIIX, 1996) (default)\n" +
    "q35                  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-7.2)\n";
  assertEquals(parseAliases(help), { "pc": "pc-i440fx-7.2", "q35": "pc-q35-7.2" });
});

Deno.test("pinMachine() keeps options, and machines that have no version", () => {
  const program = { sha256: "", machines: { virt: "virt-7.2" } };
  assertEquals(pinMachine("virt,gic-version=3", program), "virt-7.2,gic-version=3");
  assertEquals(pinMachine("virt-6.0", program), "virt-6.0");
  assertEquals(pinMachine("microvm", program), "microvm");
});

Deno.test("qemuProgram() lists the machines of the real QEMU, the same each time", async () => {
  const first = await qemuProgram("qemu-system-x86_64");
  assertEquals(/^pc-q35-\d/.test(pinMachine("q35", first)), true);
  const again = await qemuProgram("qemu-system-x86_64");
  assertEquals([again.sha256, again.machines], [first.sha256, first.machines]);
});
