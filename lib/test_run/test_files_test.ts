import { assertEquals } from "@std/assert";
import { findTestFiles, jobsOf } from "./test_files.ts";
import { root } from "../base/files/paths.ts";

Deno.test("jobsOf() makes one job for each file of tests/, and a few for all unit tests", () => {
  const files = [
    ...["lib/base/text/a_test.ts", "lib/base/b_test.ts", "lib/ci/c_test.ts", "tasks/d_test.ts"],
    ...["tests/e_test.ts", "tests/f_guest_test.ts"],
  ];
  assertEquals(jobsOf(files, { "lib/base": 7, "tests/e_test.ts": 3 }), [
    { name: "lib/base", files: files.slice(0, 2), bootsGuest: false, seconds: 7 },
    { name: "unit tests", files: files.slice(2, 4), bootsGuest: false, seconds: 120 },
    { name: "tests/e_test.ts", files: ["tests/e_test.ts"], bootsGuest: false, seconds: 3 },
    {
      name: "tests/f_guest_test.ts",
      files: ["tests/f_guest_test.ts"],
      bootsGuest: true,
      seconds: 120,
    },
    { name: "types", files: [], bootsGuest: false, seconds: 120 },
  ]);
});

Deno.test("findTestFiles() finds tests, and modules with examples", async () => {
  const files = await findTestFiles(root);
  for (const file of ["lib/store/recipe_test.ts", "lib/store/recipe.ts", "tests/keys_test.ts"]) {
    assertEquals(files.includes(file), true, file);
  }
  assertEquals(files.includes("lib/store/entry.ts"), false);
});
