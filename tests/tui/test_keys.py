"""The table of keys is the one truth for bindings, hints, help and palette."""

import pytest

from meshdev.tui.app import Dashboard
from meshdev.tui.keys import APP_KEYS, LOG_KEYS, SERVICE_KEYS, Key, hints
from meshdev.tui.screens.help import help_lines
from meshdev.tui.screens.services import ServicesScreen
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.tui.widgets.log_view import LogView

RESERVED = {"t", "e", "m", "c", *"123456789"}


@pytest.mark.parametrize("keys", [(*SERVICE_KEYS, *APP_KEYS), (*LOG_KEYS, *APP_KEYS)])
def test_no_key_means_two_things(keys: tuple[Key, ...]) -> None:
    """In the same place, and none that the screens to come need is taken."""
    pressed = [name for key in keys for name in key.keys.split(",")]
    assert len(set(pressed)) == len(pressed)
    assert not RESERVED & set(pressed)


def test_every_key_has_an_action_behind_it() -> None:
    """Nothing dead is shown."""
    for key in (*SERVICE_KEYS, *LOG_KEYS, *APP_KEYS):
        name = "action_" + key.action.partition("(")[0].replace("find_next", "find")
        owners = (ServicesScreen, Dashboard, LogView, LiveTable)
        assert any(hasattr(owner, name) for owner in owners), name


@pytest.mark.parametrize("width", [20, 40, 80, 120, 240])
@pytest.mark.parametrize("keys", [(*SERVICE_KEYS, *APP_KEYS), (*LOG_KEYS, *APP_KEYS)])
def test_the_hints_fit_and_keep_the_way_out(keys: tuple[Key, ...], width: int) -> None:
    """Help and quit are the last to go."""
    shown = hints(keys, width)
    assert sum(len(key.written) + len(key.short) + 3 for key in shown) < width
    assert {"help", "leave"} <= {key.action for key in shown}


def test_the_help_names_every_key() -> None:
    """None is secret."""
    text = "\n".join("".join(span.text for span in line) for line in help_lines())
    for key in (*SERVICE_KEYS, *LOG_KEYS, *APP_KEYS):
        assert key.text in text
