"""Shoppers: a gentle, seeded crowd that browses and buys, so that something moves from the first minute."""
