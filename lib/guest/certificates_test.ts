import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../base/host_testing.ts";
import { debianCommands } from "../image/system/debian/debian_commands.ts";
import { hostCertificates, trustHostCertificates } from "./certificates.ts";

const pem = (text: string) =>
  `-----BEGIN CERTIFICATE-----\n${btoa(text)}\n-----END CERTIFICATE-----\n`;
const KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
const NONE = Object.fromEntries(
  [
    ...["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"],
    ...["GIT_SSL_CAINFO", "PIP_CERT"],
  ].map((name) => [name, ""]),
);

Deno.test("hostCertificates() has each certificate once, and nothing else of the files", async () => {
  await using box = await sandbox();
  const [one, two] = [join(box.path, "one.pem"), join(box.path, "two.pem")];
  await Deno.writeTextFile(one, `# mine\n${pem("a")}${KEY}${pem("b")}`);
  await Deno.writeTextFile(two, pem("b") + pem("c"));
  const gone = join(box.path, "gone.pem");
  await using _env = await sandbox({
    ...NONE,
    SSL_CERT_FILE: one,
    NODE_EXTRA_CA_CERTS: two,
    PIP_CERT: gone,
    CURL_CA_BUNDLE: box.path,
  });
  const notes: string[] = [];
  const found = await hostCertificates((line) => void notes.push(line));
  assertEquals(found, pem("a") + pem("b") + pem("c"));
  assertEquals(notes.length, 2);
  assertMatch(notes[1]!, /^certificates: PIP_CERT=.*gone\.pem is left out: No such file/);
});

Deno.test("trustHostCertificates() does nothing where the host names no certificates", async () => {
  await using _env = await sandbox(NONE);
  const ssh = { name: "x", exec: () => Promise.reject(new Error("was run")) };
  assertEquals(await trustHostCertificates(ssh, debianCommands, { onNote: () => {} }), {});
});

Deno.test("trustHostCertificates() says what to do where the guest cannot have them", async () => {
  await using box = await sandbox();
  const file = join(box.path, "ca.pem");
  await Deno.writeTextFile(file, pem("a"));
  await using _env = await sandbox({ ...NONE, SSL_CERT_FILE: file });
  let sent: unknown;
  const ssh = (code: number) => ({
    name: "x",
    exec: (_: readonly string[], { stdin }: { stdin?: unknown } = {}) => {
      sent = stdin;
      return Promise.resolve({ code });
    },
  });
  const env = await trustHostCertificates(ssh(0), debianCommands, { onNote: () => {} });
  assertEquals([sent, env.SSL_CERT_FILE], [pem("a"), "/etc/ssl/certs/ca-certificates.crt"]);
  const error = await assertRejects(() =>
    trustHostCertificates(ssh(1), debianCommands, { onNote: () => {} })
  );
  assertStringIncludes(String(error), 'Cannot install the host\'s certificates in guest "x"');
  assertEquals((error as { next?: string }).next, "unset SSL_CERT_FILE");
});
