"""The keys of the Logs screen."""

from meshdev.tui.keys.key import Key

LOGS = "Logs"

LOGS_KEYS: tuple[Key, ...] = (
    Key(
        "ampersand",
        "&",
        "Filter: service=orders,pay* level>=warn /regex/ word !word trace=… since=10m",
        "only",
        LOGS,
        2,
        "filter",
        priority=True,
    ),
    Key("slash", "/", "Search the whole history of this run", "find", LOGS, 3, "search", priority=True),
    Key("n,N", "n N", "Next match, previous match", "find_next", LOGS),
    Key("L", "L", "Level: all, info, warn, error", "level", LOGS, 4, "level"),
    Key("space", "Space", "Choose services", "services", LOGS, 5, "services", priority=True),
    Key("o", "o", "Only the service of this line; again: all", "solo", LOGS, 12, "only this"),
    Key(
        "enter", "Enter", "Unfold a stack trace; else the trace that the line names", "open", LOGS, 8, "open"
    ),
    Key("i", "i", "The trace that the line names", "trace", LOGS, 11, "trace"),
    Key("f", "f", "Pause, or follow the newest line", "follow", LOGS, 6, "follow"),
    Key("m", "m", "Mark: a line to find again", "mark", LOGS, 7, "mark"),
    Key("w", "w", "Wrap long lines", "wrap", LOGS, 9, "wrap"),
    Key("J", "J", "Structured lines in columns, or as written", "fold", LOGS, 13, "raw"),
    Key("T", "T", "Show when each line was read", "times", LOGS, 14, "times"),
    Key("y", "y", "Copy the line, or the whole stack trace", "copy", LOGS, 10, "copy"),
    Key("e", "e", "Open the source line that is named here", "edit", LOGS, 15, "edit"),
    Key(
        "escape",
        "Esc",
        "Stop searching, clear the search, follow, clear the filter",
        "back",
        LOGS,
        priority=True,
    ),
)
