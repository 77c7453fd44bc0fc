"""The keys of the Chaos screen, and those of faults wherever something can be selected."""

from meshdev.tui.keys.key import Key

CHAOS = "Chaos"


def fault_keys(group: str, what: str, rank: int) -> tuple[Key, ...]:
    """For the screens on which ``what`` can be selected."""
    return (
        Key(
            "c",
            "c",
            f"Chaos: the last fault (first: 1 s slower, for 2 min) at {what}; again: end it",
            "chaos",
            group,
            rank,
            "chaos",
        ),
        Key("C", "C", f"Chaos: choose a fault for {what}", "chaos_form", group),
    )


CHAOS_KEYS: tuple[Key, ...] = (
    Key("space,enter", "Space", "Switch the fault on or off (also Enter)", "switch", CHAOS, 2, "on/off"),
    Key("a", "a", "Add a fault: choose where, what, how long", "add", CHAOS, 3, "add", priority=True),
    Key("x", "x", "Switch it off; one that was added stays in the list", "off", CHAOS, 6, "off"),
    Key(
        "d,delete",
        "d",
        "End it: off, and forget it if it was added (also Delete)",
        "end",
        CHAOS,
        5,
        "end",
    ),
    Key("X", "X", "End all faults", "clear", CHAOS, 4, "end all", priority=True),
    Key(
        "C",
        "C",
        "Add another like it: the form, filled in with what it does",
        "chaos_form",
        CHAOS,
        8,
        "like it",
    ),
    Key(
        "slash", "/", "Filter: words of name, state, target, kind", "find", CHAOS, 7, "filter", priority=True
    ),
    Key(
        "E", "E", "Experiments: run one, watch it, read its verdict", "experiments", CHAOS, 13, "experiments"
    ),
    Key("i", "i", "See it in the graph", "graph", CHAOS, 9, "graph"),
    Key("y", "y", "Copy the command that does the same", "copy", CHAOS, 11, "copy"),
    Key("e", "e", "Open its definition in your editor", "edit", CHAOS, 12, "edit"),
    Key("escape", "Esc", "Clear the filter", "back", CHAOS, 10, "back", priority=True),
)
