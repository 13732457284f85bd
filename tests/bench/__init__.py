"""Benchmarks: ours beside a named baseline in the same run, on the loopback Discord; `blup bench` runs them."""
