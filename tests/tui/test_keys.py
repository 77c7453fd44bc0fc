"""The tables of keys are the one truth for bindings, hints, help and palette."""

import pytest
from textual.screen import Screen

from meshdev.tui.app import Dashboard
from meshdev.tui.keys import APP_KEYS, PLACES, Key, Place, hints
from meshdev.tui.screens.help import help_lines
from meshdev.tui.stages import KINDS
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.tui.widgets.log_view import LogView

MEANINGS = {"t": "plain", "e": "edit", "m": "mark", "c": "chaos"}
"""Keys that mean the same on every screen that has them."""

GROUPS = [(*group, *APP_KEYS) for place in PLACES for group in place.groups]


@pytest.mark.parametrize("keys", GROUPS)
def test_no_key_means_two_things(keys: tuple[Key, ...]) -> None:
    """In the same place, and none that means something else elsewhere."""
    pressed = [name for key in keys for name in key.keys.split(",")]
    assert len(set(pressed)) == len(pressed)
    for key in keys:
        for name in MEANINGS.keys() & set(key.keys.split(",")):
            assert key.name == MEANINGS[name]


def test_every_place_has_a_screen_and_every_screen_a_place() -> None:
    """The numbers lead somewhere, and everything can be reached by number."""
    assert [place.mode for place in PLACES] == list(Dashboard.MODES)
    assert [place.number for place in PLACES] == [str(number + 1) for number in range(len(PLACES))]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.mode)
def test_every_key_has_an_action_behind_it(place: Place) -> None:
    """Nothing dead is shown."""
    screen = KINDS[place.mode]()
    assert issubclass(screen, Screen)
    for key in (*(key for group in place.groups for key in group), *APP_KEYS):
        name = "action_" + key.name.replace("find_next", "find")
        owners = (screen, Dashboard, LogView, LiveTable)
        assert any(hasattr(owner, name) for owner in owners), name


@pytest.mark.parametrize("width", [20, 40, 80, 120, 240])
@pytest.mark.parametrize("keys", GROUPS)
def test_the_hints_fit_and_keep_the_way_out(keys: tuple[Key, ...], width: int) -> None:
    """Help and quit are the last to go."""
    shown = hints(keys, width)
    assert sum(len(key.written) + len(key.short) + 3 for key in shown) < width
    assert {"help", "leave"} <= {key.action for key in shown}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.mode)
def test_the_help_names_every_key(place: Place) -> None:
    """None is secret, and those of the screen in front come first."""
    lines = ["".join(span.text for span in line) for line in help_lines(place.mode, 200)]
    text = "\n".join(lines)
    for keys in GROUPS:
        for key in keys:
            assert key.text in text
    if place.groups[0]:
        assert place.groups[0][0].text in lines[1]
