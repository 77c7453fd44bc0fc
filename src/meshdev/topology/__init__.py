"""Floor 0: what the user wrote: model, load, validate, diff, graph."""
