"""The catalog: what the shop sells and at which price. Reads only; it knows nobody and is called by many."""
