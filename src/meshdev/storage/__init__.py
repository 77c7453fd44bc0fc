"""Floor 2: logs (later captures, traces) on disk."""
