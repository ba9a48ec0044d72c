import { assertEquals } from "@std/assert";
import { proxyVariables } from "./proxy_environment.ts";

Deno.test("proxyVariables() has every name that programs look for, in both cases", () => {
  const variables = proxyVariables(20001);
  const url = "http://127.0.0.1:20001";
  for (const name of ["http_proxy", "https_proxy", "all_proxy"]) {
    assertEquals([variables[name], variables[name.toUpperCase()]], [url, url], name);
  }
  assertEquals(variables.no_proxy, "localhost,127.0.0.1,::1");
  assertEquals(variables.NO_PROXY, variables.no_proxy);
});
