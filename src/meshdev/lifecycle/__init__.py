"""Floor 1, sans-IO: the service state machine, readiness, restart, start order, reload plan."""
