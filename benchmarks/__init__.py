"""meshdev beside its peers, on the same machine, with the same service, in turns. See docs/benchmarks.md."""
