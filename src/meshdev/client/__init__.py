"""Floor 3: control API client, event stream, read model for dashboard, CLI and pytest."""
