"""The keys of the Graph screen."""

from meshdev.tui.keys.key import Key

GRAPH = "Graph"

GRAPH_KEYS: tuple[Key, ...] = ()
