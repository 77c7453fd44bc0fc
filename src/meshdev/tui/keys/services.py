"""The keys of the Services screen's table."""

from meshdev.tui.keys.chaos import fault_keys
from meshdev.tui.keys.key import Key

SERVICES = "Services"

SERVICE_KEYS: tuple[Key, ...] = (
    Key("s", "s", "Start the service, and what it depends on", "start", SERVICES, 2, "start"),
    Key("x", "x", "Stop the service", "stop", SERVICES, 3, "stop"),
    Key("r", "r", "Restart the service", "restart", SERVICES, 4, "restart"),
    Key("plus", "+", "One replica more", "scale(1)", SERVICES, 12, "scale"),
    Key("minus", "-", "One replica less", "scale(-1)", SERVICES),
    Key("o", "o", "Open the service's address in the browser", "open", SERVICES, 11, "open"),
    Key("e", "e", "Open the service's definition in your editor", "edit", SERVICES, 15, "edit"),
    Key("u", "u", "Show or hide the secrets in the environment", "unmask", SERVICES, 16, "secrets"),
    Key("S", "S", "Sort by the next column, or as the file has it", "sort", SERVICES, 13, "sort"),
    Key("slash", "/", "Filter services, or search the log", "find", SERVICES, 5, "filter", priority=True),
    Key("l,enter", "l", "The log of the service (also Enter)", "logs", SERVICES, 6, "logs", priority=True),
    Key(
        "d", "d", "Details: instances, probe, reload, edges", "details", SERVICES, 7, "details", priority=True
    ),
    Key("v", "v", "Events: what happened in the system", "events", SERVICES, 8, "events", priority=True),
    Key("z", "z", "Zoom: only the lower pane, or both", "zoom", SERVICES, 14, "zoom", priority=True),
    *fault_keys(SERVICES, "the service", 9),
)
