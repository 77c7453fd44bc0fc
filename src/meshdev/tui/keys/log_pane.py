"""The keys of a log, wherever one is shown."""

from meshdev.tui.keys.key import Key

LOGS = "A log"

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
    Key("e", "e", "Open the source line that the log line names", "edit", LOGS, 11, "edit"),
    Key("escape", "Esc", "Clear the search, then back to the table", "back", LOGS, 6, "back", priority=True),
)
