"""End to end: the product is started as a user would start it."""

from support_product import product

__all__ = ["product"]
