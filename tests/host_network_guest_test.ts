// Boots a real guest on a host that has a proxy and certificates of its own.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { createServer } from "node:https";
import { $ } from "../lib/base/process/dollar.ts";
import { haveProgram } from "../lib/base/host_testing.ts";
import { startUpstream } from "../lib/guest/proxy/proxy_testing.ts";
import { makeSandbox } from "./support/harness.ts";
import { documentOf } from "./support/outcome.ts";
import { writeProject } from "./support/projects.ts";

const FETCH = `
file(DOWNLOAD https://far.test/hello out TLS_VERIFY ON TLS_CAINFO /etc/hostname STATUS untrusted)
message("untrusted: \${untrusted}")
file(DOWNLOAD https://far.test/hello out TLS_VERIFY ON STATUS trusted)
message("trusted: \${trusted}")
file(READ out text)
message("got \${text}")
`;

/** An authority, and a server of far.test that it vouches for. */
async function startTlsServer(
  dir: string,
): Promise<{ port: number; ca: string } & AsyncDisposable> {
  const file = (name: string) => join(dir, name);
  const [key, cert, ca] = [file("key.pem"), file("cert.pem"), file("ca.pem")];
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  await $`openssl req -x509 ${ec} -keyout ${
    file("ca.key")
  } -out ${ca} -subj ${"/CN=guesthouse test"}`;
  const signed = ["-CA", ca, "-CAkey", file("ca.key"), "-addext", "subjectAltName=DNS:far.test"];
  await $`openssl req -x509 ${ec} -keyout ${key} -out ${cert} -subj ${"/CN=far.test"} ${signed}`;
  const server = createServer(
    { key: await Deno.readTextFile(key), cert: await Deno.readTextFile(cert) },
    (_, to) => to.end("hello by TLS"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    ca,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

Deno.test({
  name: "a build guest goes through the host's own proxy, and trusts the host's certificates",
  ignore: !haveProgram("openssl"),
  async fn() {
    await using box = await makeSandbox();
    await using server = await startTlsServer(box.dir);
    await using upstream = await startUpstream({ user: "me:hidden", server: server.port });
    const project = await writeProject(box.dir, "fetching", {
      "fetch.cmake": FETCH,
      "guesthouse.json": JSON.stringify({
        steps: {
          default: [
            { name: "fetch", run: ["cmake", "-P", "fetch.cmake"] },
            { name: "secret", run: ["sh", "-c", "! env | grep hidden"] },
          ],
        },
      }),
    });
    const outcome = await box.task("build-vm", ["debian-amd64", "--project", project, "--json"], {
      env: {
        ...{ HTTPS_PROXY: upstream.url, https_proxy: "", SSL_CERT_FILE: server.ca },
        // Deno would look for newer versions of itself through that proxy.
        DENO_NO_UPDATE_CHECK: "1",
      },
    });
    assertEquals(outcome.code, 0, outcome.stderr);
    const log = await Deno.readTextFile(documentOf(outcome).platforms[0].log);
    assertStringIncludes(log, 'trusted: 0;"No error"');
    assertStringIncludes(log, "got hello by TLS");
    assert(/untrusted: [1-9]/.test(log), log);
    assertStringIncludes(log, "== network: allowed: far.test:443 (by the proxy of this host)");
    assertEquals(new Set(upstream.asked), new Set(["CONNECT far.test:443"]));
  },
});
