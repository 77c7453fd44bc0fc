"""Pictures of the dashboard for `docs/images/`: ``make shots`` (needs ``rsvg-convert`` of librsvg for the PNGs).

The shop is started (unless it runs), the dashboard is driven over it without a terminal, and its screen is exported.
What the shop has not (SQL, gRPC, a cache) comes from a small system of its own (docs/shot_system).
A picture is one line in `SHOTS`: the keys that lead there, and what must stand on the screen before it is taken.
What Rich exports relies on web fonts and on ``textLength``; `settled` places every word by itself instead, so that any
renderer shows the columns where the terminal has them. A whole run removes pictures that no line makes any more.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from rich.cells import cell_len
from textual.pilot import Pilot

from meshdev.client.project import Presence, Project, find_project
from meshdev.tui.app import Dashboard
from meshdev.tui.daemon_backend import DaemonBackend
from meshdev.tui.model import Picture, totals_of
from meshdev.tui.outcome import Outcome
from meshdev.tui.themes import DARK, LIGHT

_CELL = 12.2
_TEXT = re.compile(r'<text ([^>]*?)x="([\d.]+)"([^>]*?)textLength="[\d.]+"([^>]*)>([^<]*)</text>')
_WORD = re.compile("[^\xa0]+")
_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_PATIENCE = 90.0
_CALLS = 400  # over all edges: enough for every percentile and a minute's sparkline
_ZOOM, _ZOOM_LARGE = 0.66, 0.5  # of a terminal wider than `_WIDE` columns
_WIDE = 160
_COLOURS = "32"
_MESHDEV = (sys.executable, "-m", "meshdev")
_ROOT = Path(__file__).parents[1]

Ready = Callable[[Picture], bool]


def busy(picture: Picture) -> bool:
    """Everything that is wanted is healthy, and the crowd has been there for a while."""
    totals = totals_of(picture.services)
    good = totals.wanted > 0 and totals.good == totals.wanted and totals.memory > 0
    return good and sum(edge.requests for edge in picture.signals) > _CALLS


def under_way(picture: Picture) -> bool:
    """Some are up, some are not."""
    totals = totals_of(picture.services)
    return 0 < totals.good < totals.wanted


@dataclass(frozen=True)
class Shot:
    """One picture: after which keys, with what on the screen (regular expressions), in which size and theme.

    ``of`` is the folder of the system, from that of this repository.
    """

    name: str
    keys: Sequence[str] = ()
    sees: Sequence[str] = ()
    size: tuple[int, int] = (120, 40)
    theme: str = DARK
    ready: Ready = busy
    of: str = "."

    @property
    def file(self) -> str:
        """Its name without the ending."""
        width, height = self.size
        return f"{self.name}-{self.theme.removeprefix('meshdev-')}-{width}x{height}"


SMALL, LARGE = (80, 24), (200, 50)
FLOW = (r"GET|POST",)
MIXED = "docs/shot_system"

SHOTS = (
    Shot("starting", size=(120, 30), ready=under_way),
    Shot("services", sees=("storefront",)),
    Shot("services", theme=LIGHT, sees=("storefront",)),
    Shot("services", size=SMALL, sees=("storefront",)),
    Shot("services", size=LARGE, sees=("storefront",)),
    Shot("details", keys=("d",), sees=("gen 1",)),
    Shot("graph", keys=("2",), sees=("storefront",)),
    Shot("graph", keys=("2",), size=SMALL, sees=("storefront",)),
    Shot("graph", keys=("2",), size=LARGE, sees=("storefront",)),
    Shot("edge", keys=("2", "right", "right", "right", "enter"), sees=("p99",)),
    Shot("traffic", keys=("3",), sees=FLOW),
    Shot("traffic", keys=("3", "up", "enter"), size=LARGE, sees=FLOW),
    Shot("traces", keys=("4",), sees=("ms",)),
    Shot("waterfall", keys=("4", "up", "enter"), sees=("ms",)),
    Shot("logs", keys=("5",), sees=("storefront",)),
    Shot("search", keys=("5", "slash", *"cart", "enter"), sees=("cart",)),
    Shot("palette", keys=("ctrl+p", *"restart"), sees=("[Rr]estart",), size=(100, 30)),
    Shot("help", keys=("question_mark",), sees=("ctrl",)),
    Shot("events", keys=("7",), sees=("order.placed", r"\d\d:\d\d:\d\d  orders")),
    # Last, since they go on: a fault for two minutes, a recording until the end.
    Shot("chaos", keys=("6", "p"), sees=("↯ on", r"[1-9] hits?")),
    Shot("recording", keys=("3", "R", "enter", "up", "enter"), size=LARGE, sees=("● rec", "HTTP/1.1 [2-5]")),
    Shot("recordings", keys=("3", "K", "B"), sees=("MADE", r"\d\d:\d\d")),
    Shot("data", keys=("8", "enter", "down", "down"), sees=("SELECT pg_sleep", "foreign"), of=MIXED),
    Shot("mixed", keys=("3",), sees=("SELECT", "PUB", "Charge"), of=MIXED),
)


async def drive(project: Project, shot: Shot) -> str:
    """Bring the dashboard to the state, and answer what it shows as SVG."""
    app = Dashboard(DaemonBackend(project), owner=True)
    app.theme = shot.theme
    app.animation_level = "none"
    async with app.run_test(size=shot.size) as pilot:
        await until(pilot, lambda: shot.ready(app.picture), f"{shot.file}: the system was never ready for it")
        for key in shot.keys:
            await pilot.press(key)
            await settle(pilot)
        for pattern in shot.sees:
            await until(pilot, partial(seen, app, pattern), f"{shot.file}: {pattern!r} was never seen")
        await settle(pilot)
        return settled(app.export_screenshot(title=app.picture.system.name if app.picture.system else ""))


class NotSeenError(Exception):
    """A picture's conditions were never met; says what the screen showed instead."""


async def until(pilot: Pilot[Outcome], holds: Callable[[], object], otherwise: str) -> None:
    """Wait until it holds; raises NotSeenError when it never does."""
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise NotSeenError(f"{otherwise}:\n{text_of(pilot.app)}")
        await pilot.pause(0.05)


async def settle(pilot: Pilot[Outcome], quiet: int = 3, most: int = 25) -> None:
    """Wait until some looks in a row show the same words (figures, which never rest, left aside)."""
    before, same = "", 0
    for _ in range(most):
        now = re.sub(r"[\d.:]+", "", text_of(pilot.app))
        same = same + 1 if now == before else 0
        if same == quiet:
            return
        before = now
        await pilot.pause(0.1)


def seen(app: Dashboard, pattern: str) -> bool:
    """Whether it stands on the screen."""
    return re.search(pattern, text_of(app)) is not None


def text_of(app: object) -> str:
    """What the screen in front shows."""
    assert isinstance(app, Dashboard)  # noqa: S101 -- there is no other
    size = app.size
    exported = html.unescape(app.export_screenshot(simplify=True)) if size.area else ""
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", exported)).replace("\xa0", " ")


def take(project: Project, shot: Shot, folder: Path, *, keep_svg: bool) -> list[Path]:
    """Write one picture; the files."""
    file = folder / f"{shot.file}.svg"
    file.write_text(asyncio.run(drive(project, shot)), encoding="utf-8")
    if not shutil.which("rsvg-convert"):
        return [file]
    png = file.with_suffix(".png")
    zoom = _ZOOM_LARGE if shot.size[0] > _WIDE else _ZOOM
    subprocess.run(["rsvg-convert", "--zoom", str(zoom), "-o", str(png), str(file)], check=True)
    if shutil.which("pngquant"):  # a terminal has few colours: a quarter of the size
        quant = ["pngquant", "--force", "--speed", "1", "--strip", "--nofs", "--ext", ".png"]
        subprocess.run([*quant, _COLOURS, str(png)], check=True)
    if keep_svg:
        return [file, png]
    file.unlink()
    return [png]


@contextmanager
def running(project: Project) -> Iterator[bool]:
    """The system of ``project`` up, or on its way if it was not; whether it was started here, and ends here."""
    if project.presence() is Presence.ALIVE:
        yield False
        return
    starting = subprocess.Popen([*_MESHDEV, "up", "-d"], cwd=project.root)
    try:
        while project.presence() is not Presence.ALIVE:
            if starting.poll():
                sys.exit(starting.returncode)
            time.sleep(0.05)
        yield True
    finally:
        starting.wait()
        subprocess.run([*_MESHDEV, "down"], check=False, cwd=project.root)


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "images")
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--svg", action="store_true", help="keep the SVGs beside the PNGs")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    if not shutil.which("rsvg-convert"):
        sys.stderr.write("rsvg-convert (librsvg2-bin) is not there: pictures stay SVG\n")
    names = wanted.only.split(",") if wanted.only else [shot.name for shot in SHOTS]
    written: list[Path] = []
    missing, all_ours = 0, True
    for folder, shots in groupby((shot for shot in SHOTS if shot.name in names), key=lambda shot: shot.of):
        project = find_project(None, cwd=_ROOT / folder, environ=os.environ)
        with running(project) as ours:
            all_ours = all_ours and ours
            for shot in shots:
                if not ours and shot.ready is under_way:
                    continue
                try:
                    written += take(project, shot, wanted.folder, keep_svg=wanted.svg)
                except NotSeenError as error:  # the others are wanted all the same
                    missing += 1
                    sys.stderr.write(f"{error}\n")
                    continue
                sys.stdout.write(f"{written[-1]}  {written[-1].stat().st_size / 1000:.0f} kB\n")
    if not wanted.only and all_ours and not missing:
        for old in {*wanted.folder.glob("*.png"), *wanted.folder.glob("*.svg")} - set(written):
            old.unlink()
    total = sum(file.stat().st_size for file in wanted.folder.iterdir())
    sys.stdout.write(f"{total / 1e6:.2f} MB in all\n")
    if missing:
        sys.exit(f"{missing} pictures are missing")


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
