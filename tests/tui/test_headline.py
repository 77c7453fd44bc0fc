"""The header: what matters stays, whatever the width."""

from dataclasses import replace

import pytest

from meshdev.tui.cells import width_of
from meshdev.tui.headline import headline
from meshdev.tui.model import Link, Picture, totals_of
from support_dashboard import NOW, broken, healthy, picture, starting, system


def said(shown: Picture, width: int) -> str:
    """The header's text."""
    return "".join(span.text for span in headline(shown, totals_of(shown.services), NOW, width))


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 240])
@pytest.mark.parametrize("shown", [Picture(), healthy(), starting(), broken(), picture(())])
def test_the_header_fits(shown: Picture, width: int) -> None:
    """At every width."""
    assert width_of(said(shown, width)) <= width


@pytest.mark.parametrize("width", [50, 80, 240])
def test_name_health_and_connection_are_always_there(width: int) -> None:
    """The rest makes room for them."""
    text = said(broken(), width)
    assert "shop" in text
    assert "7/10 healthy" in text
    assert "connected" in text


def test_a_wide_header_says_everything() -> None:
    """Counts at the left, costs and connection at the right."""
    text = said(broken(), 140)
    for part in ("✕ 2 broken", "◐ 1 on the way", "○ 1 stopped", "cpu 22%", "mem 425M"):
        assert part in text


def test_a_lost_daemon_and_a_stopping_system_are_told() -> None:
    """With for how long."""
    lost = replace(healthy(), link=Link.LOST, link_since=NOW - 75)
    assert "✕ reconnecting 1m" in said(lost, 80)
    assert "◑ stopping" in said(replace(healthy(), system=system(shutting_down=1)), 80)
    assert "◌ connecting" in said(Picture(), 80)


def test_a_system_name_is_cleaned() -> None:
    """A name can't move the cursor."""
    assert "\x1b" not in said(replace(healthy(), system=system(name="a\x1b[2Jb")), 80)
