"""Floor 1: what is measured and read from running services (log lines; later histograms, windows, trace context)."""
