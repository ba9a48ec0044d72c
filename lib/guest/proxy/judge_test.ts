import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type OwnAddress, ownAddresses, whyNotAddress } from "./judge.ts";

const OWN: readonly OwnAddress[] = [
  { address: "127.0.0.1", cidr: "127.0.0.1/8" },
  { address: "93.184.216.34", cidr: "93.184.216.34/24" },
  { address: "2a01:4f8:1:2::5", cidr: "2a01:4f8:1:2::5/64" },
  { address: "fe80::5", cidr: "fe80::5/64" },
];

const judge = (address: string) => whyNotAddress(address, OWN);

Deno.test("whyNotAddress() lets public addresses of both families pass", () => {
  const allowed = [
    ...["1.1.1.1", "8.8.8.8", "93.184.216.35", "9.255.255.255", "11.0.0.0", "172.15.255.255"],
    ...["172.32.0.0", "192.167.255.255", "192.169.0.0", "100.63.255.255", "100.128.0.0"],
    ...["169.253.255.255", "169.255.0.0", "223.255.255.255", "128.0.0.1"],
    ...["2606:4700:4700::1111", "2a01:4f8:1:3::5", "2a01:4f8:1:1:ffff::", "2001:200::1"],
    // IPv4 behind a translator, as all of IPv4 is for hosts with IPv6 alone.
    ...["64:ff9b::1.1.1.1", "::ffff:1.1.1.1"],
  ];
  for (const address of allowed) assertEquals(judge(address), undefined, address);
});

Deno.test("whyNotAddress() refuses every address that is not public, and says which kind it is", () => {
  const refused: [string, string][] = [
    ["0.0.0.0", "an unspecified address"],
    ["0.1.2.3", "an unspecified address"],
    ["127.0.0.1", "a loopback address"],
    ["127.255.255.254", "a loopback address"],
    ["10.0.2.2", "a private address"],
    ["168.63.129.16", "an address of this host's cloud"],
    ["10.255.255.255", "a private address"],
    ["172.16.0.1", "a private address"],
    ["172.31.255.255", "a private address"],
    ["192.168.1.5", "a private address"],
    ["100.64.0.1", "a carrier's private address"],
    ["100.127.255.255", "a carrier's private address"],
    ["169.254.169.254", "a link-local address"],
    ["224.0.0.1", "a multicast address"],
    ["239.255.255.250", "a multicast address"],
    ["255.255.255.255", "a broadcast address"],
    ["192.0.0.8", "a reserved address"],
    ["192.0.2.1", "a reserved address"],
    ["192.88.99.1", "a reserved address"],
    ["198.18.0.1", "a reserved address"],
    ["198.19.255.255", "a reserved address"],
    ["198.51.100.1", "a reserved address"],
    ["203.0.113.1", "a reserved address"],
    ["240.0.0.1", "a reserved address"],
    ["::", "an unspecified address"],
    ["::1", "a loopback address"],
    ["fe80::1", "a link-local address"],
    ["febf::1", "a link-local address"],
    ["fec0::1", "a private address"],
    ["fc00::1", "a private address"],
    ["fdff:ffff::1", "a private address"],
    ["ff02::1", "a multicast address"],
    ["2001:db8::1", "a reserved address"],
    ["3fff::1", "a reserved address"],
    ["2001:2::1", "a reserved address"],
    ["100::1", "a reserved address"],
    ["4000::1", "a reserved address"],
    ["2002:7f00:1::", "a 6to4 address"],
    ["2002:808:808::1", "a 6to4 address"],
    ["2001:0:808:808::1", "a Teredo address"],
    // IPv4 in other forms.
    ["::ffff:127.0.0.1", "a form of 127.0.0.1, which is a loopback address"],
    ["::ffff:a9fe:a9fe", "a form of 169.254.169.254, which is a link-local address"],
    ["64:ff9b::10.1.2.3", "a form of 10.1.2.3, which is a private address"],
    ["64:ff9b::93.184.216.34", "a form of 93.184.216.34, which is this host's own address"],
    ["64:ff9b:1::a00:1", "a reserved address"],
    ["::127.0.0.1", "a reserved address"],
    ["::8.8.8.8", "a reserved address"],
    ["::ffff:0:127.0.0.1", "a reserved address"],
  ];
  for (const [address, why] of refused) assertEquals(judge(address), why, address);
});

Deno.test("whyNotAddress() refuses this host's own addresses, and its network in IPv6", () => {
  assertEquals(judge("93.184.216.34"), "this host's own address");
  assertEquals(judge("::ffff:93.184.216.34")?.endsWith("this host's own address"), true);
  assertEquals(judge("2A01:04F8:0001:0002:0:0:0:5"), "in a network of this host");
  assertEquals(judge("2a01:4f8:1:2:ffff::1"), "in a network of this host");
  assertEquals(
    whyNotAddress("2606:4700::1", [{ address: "2606:4700::1", cidr: null }]),
    "this host's own address",
  );
  // A tunnel's default route is no network of neighbours.
  assertEquals(
    whyNotAddress("2606:4700::1", [{ address: "2a01::1", cidr: "2a01::1/0" }]),
    undefined,
  );
});

Deno.test("whyNotAddress() accepts no other spellings of addresses", () => {
  for (
    const text of ["", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "1.1.1"]
  ) {
    assertEquals(judge(text), "not an address", text);
  }
  for (const text of ["fe80::1%eth0", "2606:4700::1%1", "[::1]", "1.1.1.1/8", " 1.1.1.1"]) {
    assertEquals(judge(text), "not an address", text);
  }
});

Deno.test("whyNotAddress() judges each form of an IPv4 address at least as strictly", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  fc.assert(fc.property(fc.tuple(octet, octet, octet, octet), (octets) => {
    const plain = octets.join(".");
    const [a, b, c, d] = octets.map((value) => value.toString(16).padStart(2, "0"));
    const forms = [
      ...["::ffff:", "64:ff9b::", "::", "64:ff9b:1::", "::ffff:0:"].map((p) => `${p}${plain}`),
      `2002:${a}${b}:${c}${d}::1`,
      `2001:0:${a}${b}:${c}${d}::1`,
    ];
    if (judge(plain) !== undefined) {
      forms.forEach((form) => assert(judge(form) !== undefined, form));
    }
  }));
});

Deno.test("ownAddresses() has those of this host's loopback, which are refused", () => {
  const own = ownAddresses();
  assert(own.some(({ address }) => address === "127.0.0.1"));
  for (const { address } of own) assert(whyNotAddress(address, own) !== undefined, address);
});
