"""Carts: what a shopper means to buy, at the price that was shown when it went in."""
