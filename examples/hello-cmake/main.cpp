#include "primes.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/utsname.h>

// Looks at the first byte of a number in memory, and at the size of an address.
void describe_machine() {
  const unsigned number = 1;
  unsigned char first = 0;
  std::memcpy(&first, &number, 1);
  std::printf("%s, %u bits\n", first == 1 ? "LITTLE_ENDIAN" : "BIG_ENDIAN",
              static_cast<unsigned>(8 * sizeof(void*)));
}

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--machine") == 0) {
    describe_machine();
    return 0;
  }
  utsname machine{};
  if (uname(&machine) != 0) {
    std::perror("Cannot name this machine");
    return 1;
  }
  const unsigned limit = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100000;
  const unsigned primes = count_primes(limit, 2);
  std::printf("Hello from %s on %s: %u primes below %u\n", machine.sysname, machine.machine, primes,
              limit);
  std::printf("X11: %s, curses: %s\n", HELLO_HAVE_X11 ? "yes" : "no",
              HELLO_HAVE_CURSES ? "yes" : "no");
}
