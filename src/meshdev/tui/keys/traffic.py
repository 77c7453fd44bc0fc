"""The keys of the Traffic screen."""

from meshdev.tui.keys.key import Key

TRAFFIC = "Traffic"

TRAFFIC_KEYS: tuple[Key, ...] = ()
