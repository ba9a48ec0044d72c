#pragma once

constexpr unsigned MAX_THREADS = 16;

/// Counts the primes below a limit, with 1 to MAX_THREADS threads.
unsigned count_primes(unsigned limit, unsigned threads);
