"""Floor 4: the dashboard; the only place that imports textual."""
