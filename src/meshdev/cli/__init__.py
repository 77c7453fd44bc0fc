"""Floor 4: one file per command, lazy imports."""
