"""Floor 0: the messages between meshdev's processes, versioned."""
