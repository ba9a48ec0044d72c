import { assertEquals } from "@std/assert";
import { sha512Crypt } from "./sha512_crypt.ts";

Deno.test("sha512Crypt() hashes as openssl does", () => {
  // By openssl passwd -6 -salt SALT PASSWORD (OpenSSL 3.0).
  assertEquals(
    sha512Crypt("Hello world!", "saltstring"),
    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
  );
  assertEquals(
    sha512Crypt(
      "a longer password than one digest of SHA-512 has bytes, which are 64",
      "abcdefgh12345678",
    ),
    "$6$abcdefgh12345678$c1t5Pp3OHivF9jCgE2wMpWUqLL666IXTkb9y/ISoRLm31v2N/iAX7DbhNfgh4fC/w8IWNQEA6lf1vEi7Lf7Hu.",
  );
});
