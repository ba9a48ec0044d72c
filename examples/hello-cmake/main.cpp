#include "primes.h"

#include <cstdio>
#include <cstdlib>
#include <sys/utsname.h>

int main(int argc, char** argv) {
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
