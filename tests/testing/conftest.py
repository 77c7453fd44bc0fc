"""A product of its own for every test of the plugin."""

from support_product import product

__all__ = ["product"]
