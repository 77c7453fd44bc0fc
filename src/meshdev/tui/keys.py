"""Every key of the dashboard in one table: bindings, the line of hints, the help and the palette are made from it.

Keys that move the keyboard elsewhere (into a prompt, a pane, a dialog) are handled by the application itself, before
any widget's queue (`priority`): so that what is typed right after ``/`` is text and never a command. Keys that act on
the row under the cursor wait in the table's queue behind the cursor keys, so that they hit the row that was meant.

A key without a feature is not in the table: nothing dead is ever shown. Reserved for the screens to come: the numbers,
``t`` (plain stream), ``e`` (open the source), ``m`` (mark), ``c`` (chaos).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """A key (Textual's names, comma-separated), how it is written, what it does, and where it belongs.

    ``bar`` ranks it in the line of hints (0: not there; lower stays longer).
    """

    keys: str
    written: str
    text: str
    action: str
    group: str
    bar: int = 0
    short: str = ""
    priority: bool = False

    def binding(self) -> Binding:
        """For Textual; hints and help are our own."""
        return Binding(self.keys, self.action, self.text, show=False, priority=self.priority)


SERVICES = "Services"
LOGS = "Logs"
EVERYWHERE = "Everywhere"

SERVICE_KEYS: tuple[Key, ...] = (
    Key("s", "s", "Start the service, and what it depends on", "start", SERVICES, 2, "start"),
    Key("x", "x", "Stop the service", "stop", SERVICES, 3, "stop"),
    Key("r", "r", "Restart the service", "restart", SERVICES, 4, "restart"),
    Key("plus", "+", "One replica more", "scale(1)", SERVICES, 12, "scale"),
    Key("minus", "-", "One replica less", "scale(-1)", SERVICES),
    Key("o", "o", "Open the service's address in the browser", "open", SERVICES, 11, "open"),
    Key("S", "S", "Sort: topology, trouble first, name, cpu, memory", "sort", SERVICES, 13, "sort"),
    Key("slash", "/", "Filter services, or search the log", "find", SERVICES, 5, "filter", priority=True),
    Key("l,enter", "l", "The log of the service (also Enter)", "logs", SERVICES, 6, "logs", priority=True),
    Key(
        "d", "d", "Details: instances, probe, reload, edges", "details", SERVICES, 7, "details", priority=True
    ),
    Key("v", "v", "Events: what happened in the system", "events", SERVICES, 8, "events", priority=True),
    Key("z", "z", "Zoom: only the lower pane, or both", "zoom", SERVICES, 14, "zoom", priority=True),
)

LOG_KEYS: tuple[Key, ...] = (
    Key(
        "slash", "/", "Search (regular expression; small letters match both cases)", "find", LOGS, 3, "search"
    ),
    Key("ampersand", "&", "Show only the lines that match", "only", LOGS, 4, "only matching", priority=True),
    Key("n,N", "n N", "Next match, previous match", "find_next", LOGS),
    Key("f", "f", "Pause, or follow the newest line", "follow", LOGS, 2, "follow"),
    Key("w", "w", "Wrap long lines", "wrap", LOGS, 5, "wrap"),
    Key("J", "J", "Structured lines folded, or as written", "fold", LOGS, 9, "raw"),
    Key("T", "T", "Show when each line was read", "times", LOGS, 10, "times"),
    Key("y", "y", "Copy the line (in the table: the address)", "copy", LOGS, 8, "copy"),
    Key("escape", "Esc", "Clear the search, then back to the table", "back", LOGS, 6, "back", priority=True),
)

APP_KEYS: tuple[Key, ...] = (
    Key("tab", "Tab", "To the other pane", "focus_next", EVERYWHERE, priority=True),
    Key(
        "ctrl+p,colon",
        "ctrl+p",
        "Every action by name",
        "command_palette",
        EVERYWHERE,
        10,
        "actions",
        priority=True,
    ),
    Key("question_mark", "?", "This help", "help", EVERYWHERE, 1, "help", priority=True),
    Key("ctrl+l", "ctrl+l", "Light or dark", "toggle_theme", EVERYWHERE),
    Key(
        "q,ctrl+q",
        "q",
        "Leave: stop the system, or let it run",
        "leave",
        EVERYWHERE,
        1,
        "quit",
        priority=True,
    ),
    Key("ctrl+c", "ctrl+c", "As q; twice stops the system", "interrupt", EVERYWHERE, priority=True),
)


KEYBOARD_ACTIONS = frozenset(
    key.action for key in (*SERVICE_KEYS, *LOG_KEYS, *APP_KEYS) if key.priority and key.action != "interrupt"
)
"""The actions of keys that the application handles itself."""


def bindings(keys: Sequence[Key], but: frozenset[str] = frozenset()) -> list[Binding]:
    """Textual's bindings for ``keys``, without the actions in ``but`` (a widget has those itself)."""
    return [key.binding() for key in keys if key.action not in but]


def hints(keys: Sequence[Key], width: int) -> list[Key]:
    """The keys that a line of ``width`` cells has room for, in the order of the table, the most important kept."""
    shown = sorted((key for key in keys if key.bar), key=lambda key: key.bar)
    kept: list[Key] = []
    used = 1
    for key in shown:
        size = len(key.written) + len(key.short) + 3
        if used + size > width:
            break
        used += size
        kept.append(key)
    return [key for key in keys if key in kept]
