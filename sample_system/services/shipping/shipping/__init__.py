"""Shipping: packs what was ordered, sends it off, and tells the world by events."""
