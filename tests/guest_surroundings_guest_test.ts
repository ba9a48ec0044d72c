// Boots real guests.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { git } from "../lib/project/excludes_testing.ts";
import { makeSandbox } from "./support/harness.ts";
import { documentOf } from "./support/outcome.ts";
import { writeProject } from "./support/projects.ts";

/** Looks for what tests use on any Linux machine; prints a line for each thing that is missing. */
const PROBE = `
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int faults;
static void check(const char *what, int good) {
  if (good) return;
  printf("missing: %s\\n", what);
  faults++;
}
static int opens(const char *path) {
  int fd = open(path, O_RDWR);
  return fd >= 0 && close(fd) == 0;
}
/* Whether the name leads to ::1, and a server can listen there. */
static int serves6(const char *name) {
  struct addrinfo hints = {.ai_family = AF_INET6, .ai_socktype = SOCK_STREAM}, *found;
  if (getaddrinfo(name, 0, &hints, &found)) return 0;
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  return IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)found->ai_addr)->sin6_addr) &&
         bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 1) == 0 && close(fd) == 0;
}
int main(void) {
  check("/dev/fuse", opens("/dev/fuse"));
  check("/dev/net/tun", opens("/dev/net/tun"));
  check("localhost", serves6("localhost"));
  check("ip6-localhost", serves6("ip6-localhost"));
  check("UTF-8", setlocale(LC_ALL, "") && !strcmp(nl_langinfo(CODESET), "UTF-8"));
  return faults != 0;
}
`;

const CMAKE = `cmake_minimum_required(VERSION 3.16)
project(uses C)
include(FetchContent)
FetchContent_Declare(greet GIT_REPOSITORY \${CMAKE_SOURCE_DIR}/greet.bundle GIT_TAG v1)
FetchContent_MakeAvailable(greet)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ncurses REQUIRED IMPORTED_TARGET ncurses)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
foreach(name curl file patch unzip)
  find_program(\${name}_program \${name} REQUIRED)
endforeach()
find_file(certificates ca-certificates.crt PATHS /etc/ssl/certs REQUIRED)
execute_process(COMMAND \${Python3_EXECUTABLE} -c "import json, ssl; print(json.dumps(1))"
  COMMAND_ERROR_IS_FATAL ANY)
add_executable(probe probe.c)
target_link_libraries(probe PRIVATE greet PkgConfig::ncurses)
enable_testing()
add_test(NAME probe COMMAND probe)
`;

Deno.test("a build guest has what CMake projects fetch and find things with, and what tests find on any Linux machine", async () => {
  await using box = await makeSandbox();
  const greet = await writeProject(box.dir, "greet", {
    "CMakeLists.txt": "add_library(greet INTERFACE)\n",
  });
  await git(greet, "init", "-q");
  await git(greet, "add", ".");
  await git(greet, "commit", "-q", "-m", "greet");
  await git(greet, "tag", "v1");
  const project = await writeProject(box.dir, "uses", {
    ...{ "CMakeLists.txt": CMAKE, "probe.c": PROBE },
    "guesthouse.json": JSON.stringify({ network: "none" }),
  });
  await git(greet, "bundle", "create", "-q", join(project, "greet.bundle"), "v1");
  const outcome = await box.task("build-vm", ["debian-amd64", "--json", "--project", project]);
  const [row] = documentOf(outcome).platforms;
  assertEquals(row.status, "pass", `${outcome.stderr}\n${await Deno.readTextFile(row.log)}`);
  await box.assertClean();
});
