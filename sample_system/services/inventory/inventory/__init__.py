"""Inventory: what lies on the shelves, and what is held there for whom and until when."""
