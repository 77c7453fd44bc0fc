"""Pact contracts, version 4: `write`."""
