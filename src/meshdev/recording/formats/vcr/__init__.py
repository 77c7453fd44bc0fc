"""Cassettes of VCR.py, version 1: `write` as YAML with plain and ``!!binary`` tags only, `read` YAML and JSON."""
