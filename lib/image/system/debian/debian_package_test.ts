import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { HostError, WorkError } from "../../../base/errors.ts";
import { haveProgram, sandbox } from "../../../base/host_testing.ts";
import { explainApt, openApt, SUITE } from "./debian_package.ts";

const signal = new AbortController().signal;

Deno.test({
  name: "openApt() without a network fails with apt's own words, and says what to do",
  ignore: !haveProgram("apt-get"),
  async fn() {
    await using box = await sandbox();
    const config = join(box.path, "apt.conf");
    // A proxy that nobody is. Between tries apt would wait for seconds.
    const settings = [
      'Acquire::http::Proxy "http://127.0.0.1:9";',
      'Acquire::Retries::Delay "false";',
    ];
    await Deno.writeTextFile(config, settings.join("\n"));
    await using _env = await sandbox({ APT_CONFIG: config });
    const source = { suites: [SUITE], debArch: "amd64" };
    const error = await assertRejects(
      () => openApt(join(box.path, "apt"), source, { signal }),
      HostError,
      "Cannot get Debian's packages: the network does not give all of them",
    );
    assertMatch(
      error.details[0] ?? "",
      /^E: Failed to fetch http:\/\/deb\.debian\.org\/.* connect/,
    );
    assertMatch(
      error.next ?? "",
      /^check that http:\/\/deb\.debian\.org can be reached .*http_proxy/,
    );
  },
});

Deno.test("explainApt() blames the network only for faults that a retry may cure", () => {
  const lost = "E: Failed to fetch http://deb.debian.org/x.deb  503  Service Unavailable\n";
  assertInstanceOf(explainApt("apt-get ended with status 100", lost), HostError);
  const unknown = explainApt("apt-cache ended with status 100", "W: a\n\nE: No packages found\n");
  assertInstanceOf(unknown, WorkError);
  assertEquals(
    unknown.message,
    "Cannot get Debian's packages: apt-cache ended with status 100",
  );
  assertEquals(unknown.details, ["W: a", "E: No packages found"]);
  assert(unknown.next === undefined);
});
