"""Benchmarks beside the named peers; `make bench` runs them, docs/benchmarks.md holds the tables."""
