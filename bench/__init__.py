"""Hookyard's benchmarks: every figure a ratio, taken in one run, with the rival beside it."""
