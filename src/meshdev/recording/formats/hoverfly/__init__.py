"""Simulations of Hoverfly, version 5: `write` and `read`."""
