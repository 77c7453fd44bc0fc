"""How each tool is looked at: what has to run first, the program at the terminal, what its first picture holds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.case import Case
from benchmarks.dashboard.seat import Seat
from benchmarks.processes import eventually, prefer
from benchmarks.tools.base import START_SECONDS, Started, Tool, Unfit, run

_STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Face:
    """``first`` runs before (a daemon of its own); ``shown`` is on the first picture; ``all_logs`` shows every line."""

    first: tuple[str, ...] = ()
    rest: tuple[str, ...] | None = None
    shown: bytes = b"s00"
    all_logs: bytes = b""


FACES = {
    "meshdev": Face(rest=("up",), shown=b"bench", all_logs=b"5"),
    "mprocs": Face(),
    "dekit": Face(first=("up", "--wait"), rest=("attach",)),
}


def face_of(tool: Tool) -> Face:
    """Raises Unfit for a tool that has no screen."""
    if tool.name not in FACES:
        raise Unfit("has no screen of its own")
    return FACES[tool.name]


@contextmanager
def seated(tool: Tool, case: Case) -> Iterator[Seat]:
    """The tool configured and looked at; stopped and left at the end."""
    face = face_of(tool)
    tool.configure(case)
    command: Sequence[str] = tool.command(case)
    if face.first:
        run([command[0], *face.first], case)
    seat = Seat(command if face.rest is None else [command[0], *face.rest], case.folder, case.environ)
    try:
        yield seat
        tool.stop(case, Started(seat.process))
        eventually(lambda: not case.running() and not case.tool(), _STOP_SECONDS)
    finally:
        seat.leave()


def ready(case: Case, seat: Seat) -> None:
    """Wait until every service is, by its own word; raises Unfit when they don't come up."""
    count = len(case.services)
    if not case.observer.listen(START_SECONDS, lambda: len(case.observer.said("ready")) >= count):
        raise Unfit(f"only {len(case.observer.said('ready'))} of {count} services became ready")
    prefer(case.tool())
    if seat.process.poll() is not None:
        raise Unfit("the program at the terminal has ended")
