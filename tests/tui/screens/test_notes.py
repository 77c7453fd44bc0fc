"""What the topology file says without effect, in the dashboard."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from meshdev.tui.model import Picture
from meshdev.tui.screens.notes import NotesScreen, note_lines
from meshdev.tui.screens.services import ServicesScreen
from meshdev.wire.control import NoteView
from support_dashboard import Visiting, healthy

_PLACE = "/home/ada/shop/compose.yml"
NOTES = [
    NoteView(where=f"{_PLACE}:14", text="services.web.deploy.placement: has no meaning on one machine"),
    NoteView(
        where=f"{_PLACE}:31",
        text="services.payments.credential_spec: is for Windows containers, which this engine does not run "
        "whatever else is written beside it",
        hint="drop it",
    ),
    NoteView(where="/etc/compose.override.yml", text="version: is no longer used"),
]


def noted(notes: list[NoteView]) -> Picture:
    """The shop out of a Compose file."""
    shown = healthy()
    assert shown.system is not None
    system = msgspec.structs.replace(shown.system, file=_PLACE, notes=notes)
    return replace(shown, system=system)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screen_is_as_it_was(
    visit: Visiting, snapshot: Callable[[str, str], None], size: tuple[int, int]
) -> None:
    """The count in the header, the lines a key away."""
    async with visit(noted(NOTES), size=size) as seen:
        assert "W 3 notes" in seen.text().splitlines()[0]
        await seen.press("W")
        snapshot(f"notes-{size[0]}x{size[1]}.txt", seen.text())
        await seen.press("W")
        assert isinstance(seen.app.screen, ServicesScreen)


async def test_a_file_without_notes_says_so(visit: Visiting) -> None:
    """No dialog, and nothing in the header."""
    async with visit(noted([])) as seen:
        assert "note" not in seen.text().splitlines()[0]
        await seen.press("W")
        assert isinstance(seen.app.screen, ServicesScreen)
        assert "says nothing without effect" in seen.text()


async def test_notes_that_change_with_the_file_are_counted_anew(visit: Visiting) -> None:
    """One is left after the file was mended."""
    async with visit(noted(NOTES)) as seen:
        await seen.show(noted(NOTES[:1]))
        assert "W 1 note " in seen.text().splitlines()[0]
        await seen.press("W")
        assert isinstance(seen.app.screen, NotesScreen)
        assert "1 note on compose.yml" in seen.text()


def test_what_a_terminal_would_obey_is_cleaned_and_lines_are_broken() -> None:
    """Texts come out of a file that somebody else wrote."""
    note = NoteView(where="a\x1b[2J.yml:3", text="one two three", hint="four five\nsix")
    texts = ["".join(span.text for span in line) for line in note_lines([note], "/home", 9)]
    assert "\x1b" not in texts[0]
    assert texts[1:] == ["one two", "three", "  four", "  five", "  six"]
