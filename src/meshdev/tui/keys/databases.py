"""The keys of the Data screen."""

from meshdev.tui.keys.key import Key

DATA = "Data"

DATA_KEYS: tuple[Key, ...] = (
    Key(
        "slash",
        "/",
        "Filter: words of statements, tables, services",
        "find",
        DATA,
        3,
        "filter",
        priority=True,
    ),
    Key("S", "S", "Sort statements: time, count, p99, errors", "sort", DATA, 4, "sort"),
    Key("enter", "Enter", "Its statements; of a statement its calls", "open", DATA, 2, "open"),
    Key("i", "i", "See the database in the graph", "graph", DATA, 6, "graph"),
    Key("y", "y", "Copy the statement", "copy", DATA, 7, "copy"),
    Key("escape", "Esc", "Back to the databases, clear the filter", "back", DATA, 8, "back", priority=True),
)
