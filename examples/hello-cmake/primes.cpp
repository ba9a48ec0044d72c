#include "primes.h"

#include <atomic>
#include <thread>

static bool is_prime(unsigned number) {
  if (number < 2) return false;
  for (unsigned divisor = 2; divisor <= number / divisor; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return true;
}

unsigned count_primes(unsigned limit, unsigned threads) {
  const unsigned used = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
  std::atomic<unsigned> total{0};
  std::thread workers[MAX_THREADS];
  for (unsigned first = 0; first < used; ++first) {
    workers[first] = std::thread([&total, first, limit, used] {
      unsigned count = 0;
      for (unsigned number = first; number < limit; number += used) count += is_prime(number);
      total += count;
    });
  }
  for (unsigned index = 0; index < used; ++index) workers[index].join();
  return total;
}
