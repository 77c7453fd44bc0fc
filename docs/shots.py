"""Pictures of the dashboard for `docs/images/`: ``make shots`` (needs ``rsvg-convert`` of librsvg for the PNGs).

The shop is started (unless it runs), the dashboard is driven over it without a terminal, and its screen is exported.
What Rich exports relies on web fonts and on ``textLength``; `settled` places every word by itself instead, so that any
renderer shows the columns where the terminal has them.
"""  # noqa: INP001 -- a script, not a package

import argparse
import asyncio
import html
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from meshdev.client.project import Presence, Project, find_project
from meshdev.tui.app import Dashboard
from meshdev.tui.daemon_backend import DaemonBackend
from meshdev.tui.model import Picture, totals_of
from meshdev.tui.screens.services import ServicesScreen
from meshdev.tui.themes import DARK, LIGHT

_CELL = 12.2
_TEXT = re.compile(r'<text ([^>]*?)x="([\d.]+)"([^>]*?)textLength="[\d.]+"([^>]*)>([^<]*)</text>')
_WORD = re.compile("[^\xa0]+")
_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_PATIENCE = 90.0

Ready = Callable[[Picture], bool]


def all_good(picture: Picture) -> bool:
    """Everything that is wanted is healthy, and its figures are known."""
    totals = totals_of(picture.services)
    return totals.wanted > 0 and totals.good == totals.wanted and totals.memory > 0


def under_way(picture: Picture) -> bool:
    """Some are up, some are not."""
    totals = totals_of(picture.services)
    return 0 < totals.good < totals.wanted


@dataclass(frozen=True)
class Shot:
    """One picture: on which service, after which keys, in which size and theme."""

    name: str
    select: str = "orders"
    keys: Sequence[str] = ()
    size: tuple[int, int] = (120, 40)
    theme: str = DARK
    ready: Ready = all_good
    pause: float = 1.5  # seconds, so that some of the log is in the picture


SHOTS = (
    Shot("starting", size=(120, 30), ready=under_way, pause=0.0),
    Shot("services", select="storefront", pause=20.0),
    Shot("services", select="storefront", theme=LIGHT),
    Shot("services", size=(80, 24)),
    Shot("services", size=(200, 50)),
    Shot("details", keys=("d",), size=(100, 40)),
    Shot("search", select="storefront", keys=("l", "slash", *"cart", "enter")),
    Shot("quit", keys=("q",), size=(100, 30)),
)


async def drive(project: Project, shot: Shot) -> str:
    """Bring the dashboard to the state, and answer what it shows as SVG."""
    app = Dashboard(DaemonBackend(project), owner=True)
    app.theme = shot.theme
    app.animation_level = "none"
    async with app.run_test(size=shot.size) as pilot, asyncio.timeout(_PATIENCE):
        while not shot.ready(app.picture):
            await pilot.pause(0.02)
        screen = app.screen
        assert isinstance(screen, ServicesScreen)  # noqa: S101 -- the first screen
        screen.select(shot.select)
        await pilot.pause(shot.pause)
        await pilot.press(*shot.keys)
        await pilot.pause(0.2)
        return settled(app.export_screenshot(title=app.picture.system.name if app.picture.system else ""))


def take(project: Project, shot: Shot, folder: Path) -> None:
    """Write one picture."""
    width, height = shot.size
    file = folder / f"{shot.name}-{shot.theme.removeprefix('meshdev-')}-{width}x{height}.svg"
    file.write_text(asyncio.run(drive(project, shot)), encoding="utf-8")
    if shutil.which("rsvg-convert"):
        subprocess.run(
            ["rsvg-convert", "--zoom", "0.8", "-o", str(file.with_suffix(".png")), str(file)], check=True
        )
        file.unlink()
        file = file.with_suffix(".png")
        if shutil.which("pngquant"):  # a terminal has few colours: a quarter of the size
            subprocess.run(["pngquant", "--force", "--ext", ".png", "128", str(file)], check=True)
    sys.stdout.write(f"{file}\n")


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "images")
    parser.add_argument("--only", default="", help="names, separated by commas")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    if not shutil.which("rsvg-convert"):
        sys.stderr.write("rsvg-convert (librsvg) is not there: pictures stay SVG\n")
    project = find_project(None, cwd=Path.cwd(), environ=os.environ)
    ours = project.presence() is not Presence.ALIVE
    names = wanted.only.split(",") if wanted.only else []
    shots = [shot for shot in SHOTS if not names or shot.name in names]
    meshdev = [sys.executable, "-m", "meshdev"]
    starting = subprocess.Popen([*meshdev, "up", "-d"]) if ours else None
    try:
        while project.presence() is not Presence.ALIVE:
            if starting is not None and starting.poll():
                sys.exit(starting.returncode)
            time.sleep(0.05)
        for shot in shots:
            if ours or shot.ready is not under_way:
                take(project, shot, wanted.folder)
    finally:
        if starting is not None:
            starting.wait()
            subprocess.run([*meshdev, "down"], check=False)


def settled(svg: str) -> str:
    """``svg`` with each word at its own place, wide characters one by one, and a font that every system has."""

    def words(match: re.Match[str]) -> str:
        before, x, between, after, content = match.groups()
        text = html.unescape(content)
        placed = []
        for word in _WORD.finditer(text):
            pieces = [word.group()] if word.group().isascii() else list(word.group())
            at = float(x) + _CELL * cell_len(text[: word.start()])
            for piece in pieces:
                placed.append(f'<text {before}x="{at:.1f}"{between}{after}>{html.escape(piece)}</text>')
                at += _CELL * cell_len(piece)
        return "".join(placed)

    svg = _FACE.sub("", svg)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    return _TEXT.sub(words, svg)


if __name__ == "__main__":
    main()
