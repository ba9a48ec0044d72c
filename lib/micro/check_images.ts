import { BoundedText, TAIL_CHARS } from "../base/text/bounded_text.ts";
import type { AgentClient } from "../guest/agent/client.ts";
import { ARCH, type Arch, MICRO_ARCHS } from "../config/archs.ts";
import type { Variant } from "../config/parts.ts";
import { startLogs } from "../base/files/log_files.ts";
import { type MicroRequest, openMicroVm } from "./micro_guest.ts";
import { evalCommand } from "./run_micro.ts";

interface ImageCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
}

interface CheckedImage {
  readonly variant: Variant;
  readonly arch: Arch;
  readonly kernel: string;
  readonly bootSeconds: number;
  readonly checks: readonly ImageCheck[];
}

/** What Node.js calls an architecture, and `uname -m`. */
const NODE_NAMES = Object.fromEntries(
  MICRO_ARCHS.map((arch) => [ARCH[arch].node, ARCH[arch].uname]),
);

/** Code in each variant's language that prints the architecture as `uname -m` does, and 42. */
const SNIPPETS: Readonly<Record<Variant, string>> = {
  raw: 'echo "$(uname -m) $((6 * 7))"',
  python: "import platform; print(platform.machine(), 6 * 7)",
  node: `console.log(${JSON.stringify(NODE_NAMES)}[process.arch], 6 * 7)`,
};

/** How far a guest's clock may be off: the time that a query takes under emulation. */
const CLOCK_SECONDS = 5;

/** Boots a variant and checks what its users rely on. Throws if it does not start. */
export async function checkImage(request: Omit<MicroRequest, "logs">): Promise<CheckedImage> {
  const { variant, arch } = request;
  await using logs = await startLogs(`check-${variant}-${arch}`);
  await using vm = await openMicroVm({ ...request, logs, cold: true });
  const { agent } = vm;
  const checks = [
    await checkVersion(agent, arch),
    await checkClock(agent),
    await checkNetwork(agent),
    await checkFiles(agent),
    await checkSnippet(agent, variant, arch),
  ];
  return { variant, arch, kernel: vm.kernel, bootSeconds: vm.bootSeconds, checks };
}

async function checkVersion(agent: AgentClient, arch: Arch): Promise<ImageCheck> {
  const { version, protocol, arch: found } = await agent.info();
  return {
    name: "version",
    ok: found === ARCH[arch].rust.name && protocol === agent.hello.protocol,
    found: `agent ${version}, protocol ${protocol}, ${found}`,
  };
}

async function checkClock(agent: AgentClient): Promise<ImageCheck> {
  const { text } = await output(agent, ["date", "+%s"]);
  const off = Math.abs(Number(text) - Date.now() / 1000);
  return { name: "clock", ok: off <= CLOCK_SECONDS, found: `off by ${off.toFixed(1)} s` };
}

async function checkNetwork(agent: AgentClient): Promise<ImageCheck> {
  const { text } = await output(agent, ["ls", "/sys/class/net"]);
  return { name: "network off", ok: text === "lo", found: text.split("\n").join(", ") };
}

async function checkFiles(agent: AgentClient): Promise<ImageCheck> {
  const sent = crypto.getRandomValues(new Uint8Array(65_536));
  await agent.writeFile("/tmp/check", sent, {});
  const pieces: Uint8Array[] = [];
  // One byte too many is as noticeable as a million.
  const part = { length: sent.length + 1 };
  await agent.readFile("/tmp/check", (bytes) => void pieces.push(bytes), part);
  const got = new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const ok = got.length === sent.length && got.every((byte, index) => byte === sent[index]);
  return { name: "file round trip", ok, found: `${got.length} of ${sent.length} bytes` };
}

async function checkSnippet(
  agent: AgentClient,
  variant: Variant,
  arch: Arch,
): Promise<ImageCheck> {
  const { text, code } = await output(agent, evalCommand(variant, SNIPPETS[variant]));
  const ok = code === 0 && text === `${ARCH[arch].uname} 42`;
  return { name: "snippet", ok, found: `${text} (${code})` };
}

async function output(agent: AgentClient, argv: readonly string[]) {
  const text = new BoundedText(TAIL_CHARS);
  const decoder = new TextDecoder();
  const take = (bytes: Uint8Array<ArrayBuffer>) => text.push(decoder.decode(bytes));
  const { code } = await agent.exec({ argv, onStdout: take, onStderr: take });
  return { text: text.text().trim(), code };
}
