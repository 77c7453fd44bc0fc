"""A product of its own for every test of the extension."""

from support_product import product

__all__ = ["product"]
