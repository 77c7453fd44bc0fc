"""Every key of the dashboard, one table a screen: bindings, hints, help and palette are made from them.

Keys that move the keyboard elsewhere (into a prompt, a pane, a dialog) are handled by the application itself, before
any widget's queue (`priority`): so that what is typed right after ``/`` is text and never a command. Keys that act on
the row under the cursor wait in the table's queue behind the cursor keys, so that they hit the row that was meant.

A key without a feature is not in a table: nothing dead is ever shown. The same on every screen that has it, or
reserved for what comes: the numbers, ``t`` (plain stream), ``e`` (open the source), ``m`` (mark), ``c`` (chaos).
"""

from meshdev.tui.keys.everywhere import APP_KEYS, KEYBOARD_ACTIONS, TYPING_KEYS
from meshdev.tui.keys.key import Key, bindings, hints
from meshdev.tui.keys.log_pane import LOG_KEYS
from meshdev.tui.keys.places import PLACES, Place
from meshdev.tui.keys.services import SERVICE_KEYS

__all__ = [
    "APP_KEYS",
    "KEYBOARD_ACTIONS",
    "LOG_KEYS",
    "PLACES",
    "SERVICE_KEYS",
    "TYPING_KEYS",
    "Key",
    "Place",
    "bindings",
    "hints",
]
