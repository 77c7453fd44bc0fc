"""The keys of the Traffic screen."""

from meshdev.tui.keys.chaos import fault_keys
from meshdev.tui.keys.key import Key

TRAFFIC = "Traffic"

TRAFFIC_KEYS: tuple[Key, ...] = (
    Key("enter,d", "Enter", "Details of the call, or none (also d)", "details", TRAFFIC, 2, "details"),
    Key("f", "f", "Pause the list, or follow the newest call", "follow", TRAFFIC, 3, "follow"),
    Key(
        "slash",
        "/",
        "Filter: callee=orders status=5xx ms>100 path~/pay error; ! turns a term round",
        "find",
        TRAFFIC,
        4,
        "filter",
        priority=True,
    ),
    Key("S", "S", "Sort: as they ended, slowest, failures, largest, by edge", "sort", TRAFFIC, 13, "sort"),
    Key("T", "T", "The trace of the call", "trace", TRAFFIC, 6, "trace"),
    Key("l", "l", "The log lines of the call's trace", "lines", TRAFFIC, 6, "logs"),
    Key("space,m", "Space", "Mark the call, to compare another with it (also m)", "mark", TRAFFIC, 8, "mark"),
    Key("z", "z", "Zoom: only the details, or both", "zoom", TRAFFIC, 3, "zoom"),
    Key("R", "R", "Record: everything or a part; again: stop", "record", TRAFFIC, 4, "record", priority=True),
    Key(
        "K",
        "K",
        "Keep: save the calls of the last five minutes as a recording",
        "keep",
        TRAFFIC,
        11,
        "keep 5m",
    ),
    Key(
        "B",
        "B",
        "Recordings: their calls, verify, replay, export, play a service, remove",
        "recordings",
        TRAFFIC,
        4,
        "recordings",
        priority=True,
    ),
    Key("D", "D", "Compare the marked call with this one, field by field", "diff", TRAFFIC, 9, "diff"),
    Key("y", "y", "Copy the call as a curl command, body included", "copy", TRAFFIC, 7, "curl"),
    Key("H", "H", "Copy the call as Python with httpx, body included", "copy_httpx", TRAFFIC),
    Key("Y", "Y", "Copy the id of the trace", "copy_trace", TRAFFIC, 11, "copy id"),
    Key(
        "escape",
        "Esc",
        "Undo: details, mark, recording, paused list, filter",
        "back",
        TRAFFIC,
        12,
        "back",
        priority=True,
    ),
    *fault_keys(TRAFFIC, "the edge of the call", 10),
)
