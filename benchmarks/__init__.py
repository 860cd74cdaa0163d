"""Benchmarks: the figures of RESULTS.md, each with the command that gives it."""
