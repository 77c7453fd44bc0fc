"""The keys of the Logs screen."""

from meshdev.tui.keys.key import Key

LOGS = "Logs"

LOGS_KEYS: tuple[Key, ...] = ()
