"""The keys of the Events screen."""

from meshdev.tui.keys.key import Key

EVENTS = "Events"

TOPIC_KEYS: tuple[Key, ...] = (
    Key("slash", "/", "Filter: words of topic, broker, services", "find", EVENTS, 3, "filter", priority=True),
    Key("S", "S", "Sort: topology, rate, behind, name", "sort", EVENTS, 4, "sort"),
    Key(
        "enter",
        "Enter",
        "Its messages among the calls of the Traffic screen",
        "messages",
        EVENTS,
        2,
        "messages",
    ),
    Key("T", "T", "The trace of its last message", "trace", EVENTS, 5, "trace"),
    Key("i", "i", "See it in the graph", "graph", EVENTS, 6, "graph"),
    Key(
        "p",
        "p",
        "Publish a message: the last one again, or changed",
        "publish",
        EVENTS,
        3,
        "publish",
        priority=True,
    ),
    Key("y", "y", "Copy the last message", "copy", EVENTS, 7, "copy"),
    Key("escape", "Esc", "Clear the filter", "back", EVENTS, 8, "back", priority=True),
)
