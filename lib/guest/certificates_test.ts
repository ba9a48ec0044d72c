import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../base/host_testing.ts";
import { certificateVariables, hostCertificates } from "./certificates.ts";

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
  const { pem: found, notes } = await hostCertificates();
  assertEquals(found, pem("a") + pem("b") + pem("c"));
  assertEquals(notes.length, 2);
  assertMatch(notes[1]!, /^certificates: PIP_CERT=.*gone\.pem is left out: No such file/);
});

Deno.test("certificateVariables() has none where the host names no certificates", async () => {
  await using _env = await sandbox(NONE);
  assertEquals(certificateVariables(await hostCertificates(), "/bundle"), {});
  const variables = certificateVariables({ pem: pem("a") }, "/bundle");
  assertEquals([...new Set(Object.values(variables))], ["/bundle"]);
  assertEquals(Object.keys(variables).sort(), Object.keys(NONE).sort());
});
