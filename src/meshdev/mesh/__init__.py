"""Floor 2: the data-plane process."""
