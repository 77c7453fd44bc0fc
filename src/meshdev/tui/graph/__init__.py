"""The graph of the system without a widget: what is on it, how each thing looks, where the cursor may go. Pure."""
