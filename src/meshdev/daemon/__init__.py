"""Floor 3: composition root, store loop, command to IO dispatch, control server."""
