"""The keys of the Traces screen."""

from meshdev.tui.keys.key import Key

TRACES = "Traces"

TRACES_KEYS: tuple[Key, ...] = ()
