"""The keys of the Graph screen."""

from meshdev.tui.keys.chaos import fault_keys
from meshdev.tui.keys.key import Key

GRAPH = "Graph"

GRAPH_KEYS: tuple[Key, ...] = (
    Key("d", "Enter", "Details of the node or edge (also d); again: close", "details", GRAPH, 2, "details"),
    Key(
        "slash",
        "/",
        "Filter: nodes that match, and their neighbours",
        "find",
        GRAPH,
        3,
        "filter",
        priority=True,
    ),
    Key("f", "f", "Focus: dim what is farther away than a hop", "near", GRAPH, 4, "focus"),
    Key("plus", "+", "Focus: one hop more", "hops(1)", GRAPH),
    Key("minus", "-", "Focus: one hop less", "hops(-1)", GRAPH),
    Key("n", "n", "To the next node or edge that is in trouble", "trouble(1)", GRAPH, 5, "trouble"),
    Key("N", "N", "To the one before", "trouble(-1)", GRAPH),
    Key("M", "M", "Matrix of callers and callees, or the drawing", "matrix", GRAPH, 6, "matrix"),
    Key("T", "T", "Each team as one node, or every service", "teams", GRAPH, 7, "teams"),
    Key("v", "v", "Events: folded into edges, as nodes, hidden", "events", GRAPH, 8, "events"),
    Key("b", "b", "Databases that are files: show, hide", "databases", GRAPH, 9, "databases"),
    Key("z", "z", "Size: automatic, large, …, tiny", "size", GRAPH, 11, "size"),
    Key("s", "s", "Start the service under the cursor", "start", GRAPH),
    Key("x", "x", "Stop the service under the cursor", "stop", GRAPH),
    Key("r", "r", "Restart the service under the cursor", "restart", GRAPH, 12, "restart"),
    Key("L", "L", "The log lines of the node, or of the edge's ends", "lines", GRAPH, 13, "logs"),
    Key("i", "i", "The calls to the node, or over the edge, in Traffic", "calls", GRAPH, 6, "calls"),
    Key("y", "y", "Copy the name", "copy", GRAPH),
    Key("escape", "Esc", "Undo one thing: details, focus, filter", "back", GRAPH, 10, "back", priority=True),
    *fault_keys(GRAPH, "the node or edge", 7),
)
