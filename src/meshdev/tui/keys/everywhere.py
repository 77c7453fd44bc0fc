"""The keys that mean the same on every screen."""

from meshdev.tui.keys.key import Key
from meshdev.tui.keys.places import PLACES

EVERYWHERE = "Everywhere"

APP_KEYS: tuple[Key, ...] = (
    *(
        Key(
            place.number,
            place.number,
            f"{place.title}: {place.about}",
            f"show('{place.mode}')",
            EVERYWHERE,
            priority=True,
        )
        for place in PLACES
    ),
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
    Key(
        "W",
        "W",
        "What the topology file says without effect, line by line",
        "notes",
        EVERYWHERE,
        priority=True,
    ),
    Key("t", "t", "The plain stream of all logs, in the terminal as it is", "plain", EVERYWHERE),
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

TYPING_KEYS: tuple[Key, ...] = (
    Key("enter", "Enter", "Keep what is typed", "", EVERYWHERE, 1, "keep"),
    Key("escape", "Esc", "Drop what is typed", "", EVERYWHERE, 1, "drop"),
)
"""What stands in the line of hints while something is typed: all other keys are text then."""

KEYBOARD_ACTIONS = frozenset(
    key.name
    for keys in (*(group for place in PLACES for group in place.groups), APP_KEYS)
    for key in keys
    if key.priority and key.action != "interrupt"
)
"""The actions of keys that the application handles itself."""
