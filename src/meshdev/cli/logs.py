"""``meshdev logs``: of this run, or of the last one; read from the files, so nobody needs to be asked."""

import datetime as dt
import re
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.lineup import Lineup
from meshdev.client.project import Presence, Project
from meshdev.errors import DaemonError, UsageError
from meshdev.kernel.quantity import QuantityError, parse_duration
from meshdev.storage.line import LogLine, Selection
from meshdev.storage.reader import LogReader, LogView
from meshdev.telemetry.logline import Level

_POLL = 0.1  # seconds between two looks at the files
_KNOCK = 2.0  # seconds of silence before a look whether the run is over
_FOLLOWED = 100  # lines before the first that is followed, unless -n says otherwise
_FULL = 1 << 20  # bytes: with less room than that, lines may wait in the daemon's memory
_LEVELS = {
    "trace": Level.TRACE,
    "debug": Level.DEBUG,
    "info": Level.INFO,
    "warn": Level.WARN,
    "error": Level.ERROR,
}


@click.command()
@options.services_argument(required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until the system is down.")
@click.option(
    "-n", "--tail", type=click.IntRange(min=0), help="Only the last so many lines (all; with -f 100)."
)
@click.option("--since", metavar="TIME", help="10m, or a time such as 2026-03-01T12:00.")
@click.option("--grep", metavar="REGEX", help="Only lines in which this is found; (?i) ignores case.")
@click.option("--level", type=click.Choice(list(_LEVELS)), help="Only lines that are at least so severe.")
@click.option("-t", "--timestamps", is_flag=True, help="When each line was read.")
@click.option("--no-prefix", is_flag=True, help="The lines alone.")
@options.json_option()
def command(  # noqa: PLR0913 -- click hands each option over by itself
    *,
    services: tuple[str, ...],
    follow: bool,
    tail: int | None,
    since: str | None,
    grep: str | None,
    level: str | None,
    timestamps: bool,
    no_prefix: bool,
    as_json: bool,
) -> None:
    """Show the logs of services (none named: all), of this run or of the last one.

    SERVICE may be an instance: orders-1.
    """
    project = options.here()
    log_dir = _log_dir(project)
    reader = LogReader(log_dir)
    nodes, instances = _named(services, reader, project)
    begin = parse_since(since, now=time.time()) if since else None
    pattern = parse_pattern(grep) if grep else None

    def selection() -> Selection:
        return Selection(
            pattern=pattern,
            level=_LEVELS[level] if level else Level.UNKNOWN,
            instances=instances,
            since=begin,
        )

    show = _Show(Lineup(nodes or reader.nodes(), prefix=not no_prefix), stamps=timestamps, as_json=as_json)
    count = _FOLLOWED if tail is None and follow and begin is None else tail
    if count is None:
        view = reader.open_at(begin or 0.0, nodes)
    else:
        view = reader.open(nodes)
        show(view.older(count, selection())[-count:] if count else [])
    try:
        _print_on(view, selection(), show, follow=follow, project=project)
    finally:
        view.close()
    if shutil.disk_usage(log_dir).free < _FULL and project.presence() is Presence.ALIVE:
        terminal.warning_line(
            f"the disk of {log_dir} is full: newer lines wait in memory until there is room"
        )


def _print_on(view: LogView, selection: Selection, show: "_Show", *, follow: bool, project: Project) -> None:
    """Print what is there from here on; with ``follow``, what comes, until the run is over."""
    knocked = time.monotonic()
    over = not follow
    while True:
        batches = view.newer_batches()
        if batches:
            show(selection.lines(batches))
            knocked = time.monotonic()
        elif over:
            break
        elif terminal.reader_gone(sys.stdout):
            raise BrokenPipeError
        elif time.monotonic() - knocked > _KNOCK:
            over = project.presence() is not Presence.ALIVE  # then one more look, and the end
            knocked = time.monotonic()
        else:
            time.sleep(_POLL)
    show(_wanted(view.unfinished(), selection))


def _wanted(lines: list[LogLine], selection: Selection) -> list[LogLine]:
    """Of lines without their end, those that are asked for."""
    if selection.level is not Level.UNKNOWN:
        return []
    return [
        line
        for line in lines
        if (not selection.instances or line.instance in selection.instances)
        and (selection.pattern is None or selection.pattern.search(line.text))
        and (selection.since is None or line.time >= selection.since)
    ]


class _Show:
    """Prints lines, a block at a time."""

    def __init__(self, lineup: Lineup, *, stamps: bool, as_json: bool) -> None:
        self._lineup = lineup
        self._stamps = stamps
        self._as_json = as_json

    def __call__(self, lines: Iterable[LogLine]) -> None:
        texts = [self._json(line) if self._as_json else self._text(line) for line in lines]
        if texts:
            click.echo("\n".join(texts))

    def _text(self, line: LogLine) -> str:
        return self._lineup.line(line, stamp=_stamp(line.time) if self._stamps else "")

    def _json(self, line: LogLine) -> str:
        fields = {
            "time": line.time,
            "service": line.node,
            "instance": line.instance,
            "generation": line.generation,
            "stream": line.stream,
            "text": line.text,
        }
        return msgspec.json.encode(fields).decode()


def _stamp(at: float) -> str:
    return dt.datetime.fromtimestamp(at).astimezone().isoformat(timespec="milliseconds")


def parse_since(text: str, *, now: float) -> float:
    """Epoch seconds of ``10m`` (ago) or of an ISO 8601 time, local unless it names its zone; raises UsageError."""
    try:
        return now - parse_duration(text)
    except QuantityError:
        pass
    try:
        return dt.datetime.fromisoformat(text).timestamp()
    except ValueError:
        message = f'--since: found "{text}", accepted: 10m, 1h30m, 2026-03-01, 2026-03-01T12:00:30Z'
        raise UsageError(message) from None


def parse_pattern(text: str) -> re.Pattern[str]:
    """A regular expression; raises UsageError with where it breaks."""
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(
            f"--grep: {error}", hint=f"in {text!r}; a backslash makes a character literal"
        ) from None


def _log_dir(project: Project) -> Path:
    """The logs of the run that goes on, else of the last one; raises DaemonError when there has been none."""
    holder = project.holder()
    if holder is not None and holder.run_id:
        current = project.paths.log_dir(holder.run_id)
        if current.is_dir():
            return current
    try:
        runs = [run for run in project.paths.runs_dir.iterdir() if (run / "logs").is_dir()]
    except FileNotFoundError:
        runs = []
    if not runs:
        raise DaemonError(f"{project.root} has no logs yet", hint="`meshdev up` starts the system")
    return max(runs, key=lambda run: (run / "logs").stat().st_mtime) / "logs"


def _named(
    services: tuple[str, ...], reader: LogReader, project: Project
) -> tuple[list[str] | None, frozenset[str]]:
    """The nodes that are asked for (None: all) and, where instances were named, which."""
    if not services:
        return None, frozenset()
    known = reader.nodes()
    nodes, instances = [], []
    for name in services:
        node, _, slot = name.rpartition("-")
        if name not in known and node in known and slot.isdigit():
            nodes.append(node)
            instances.append(name)
        else:
            _check(name, known, project)
            nodes.append(name)
    return nodes, frozenset(instances)


def _check(name: str, known: list[str], project: Project) -> None:
    """A name that nobody knows is an error; a service that has not said anything yet is not."""
    if name in known or name in options.names_in_file(project.file):
        return
    known = sorted({*known, *options.known_services(project)})
    if name not in known:
        raise UsageError(f"no service is called {name!r}", hint=options.nearest(name, known))
