"""Benchmarks of a whole desk on one machine: real processes, real HTTP, real databases, nothing of a test.

`python -m bench` runs all, `python -m bench.NAME` one. Each appends JSON lines to `bench/results/`, with the
machine, its load and the processor time that its host took away. docs/benchmarks.md says what they mean.
"""
