"""Floor 2: the process that plays a service out of a recording."""
