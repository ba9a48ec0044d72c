#include "primes.h"

#include <cstdio>

static int failures = 0;

static void expect(unsigned limit, unsigned threads, unsigned wanted) {
  const unsigned found = count_primes(limit, threads);
  if (found == wanted) return;
  std::printf("count_primes(%u, %u): found %u, wanted %u\n", limit, threads, found, wanted);
  ++failures;
}

int main() {
  expect(0, 1, 0);
  expect(2, 1, 0);
  expect(3, 1, 1);
  expect(100, 1, 25);
  expect(10000, 0, 1229);
  expect(10000, 3, 1229);
  return failures == 0 ? 0 : 1;
}
