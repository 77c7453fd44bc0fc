"""Floor 2: file watching; the only place that imports watchfiles."""
