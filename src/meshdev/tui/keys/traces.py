"""The keys of the Traces screen."""

from meshdev.tui.keys.key import Key

TRACES = "Traces"

TRACES_KEYS: tuple[Key, ...] = (
    Key("enter", "Enter", "The trace as a waterfall; there: details of the call", "open", TRACES, 2, "open"),
    Key("d", "d", "Details of the call, or none", "details", TRACES, 8, "details"),
    Key("f", "f", "Pause the list, or follow what comes", "follow", TRACES, 3, "follow"),
    Key(
        "slash",
        "/",
        "Filter: traces with a call such as callee=orders status=5xx ms>100 error",
        "find",
        TRACES,
        4,
        "filter",
        priority=True,
    ),
    Key("S", "S", "Sort: newest, slowest, most failures, most calls", "sort", TRACES, 5, "sort"),
    Key("l", "l", "The log lines of the trace", "lines", TRACES, 6, "logs"),
    Key("y", "y", "Copy the call as a curl command", "copy", TRACES, 9, "curl"),
    Key("Y", "Y", "Copy the id of the trace", "copy_trace", TRACES, 10, "copy id"),
    Key(
        "escape",
        "Esc",
        "Back: details, waterfall, paused list, filter",
        "back",
        TRACES,
        7,
        "back",
        priority=True,
    ),
)
