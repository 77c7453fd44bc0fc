"""``meshdev record export``, ``import``: recordings in the formats of others, and out of them."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshdev.cli import options
from meshdev.cli.record.library import complete_recording, library_of, with_calls
from meshdev.errors import StorageError, UsageError
from meshdev.kernel.quantity import format_count, format_size

if TYPE_CHECKING:
    from meshdev.client.project import Project
    from meshdev.recording.model import Recording

_FORMATS = ("har", "vcr", "wiremock", "hoverfly", "pact", "openapi", "pytest")
_READ = ("har", "vcr", "wiremock", "hoverfly")
_MOST_BYTES = 512 * 1024 * 1024


@click.command()
@click.argument("name", shell_complete=complete_recording)
@click.option("--to", "format_", type=click.Choice(_FORMATS), required=True, help="The format.")
@click.option(
    "-o", "--output", metavar="PATH", help="The file or folder; - for standard output. Else named after it."
)
@click.option("--edge", "edges", multiple=True, metavar="EDGE", help="Only what came over this edge.")
@click.option("--force", is_flag=True, help="Write over what is there.")
def export(*, name: str, format_: str, output: str | None, edges: tuple[str, ...], force: bool) -> None:
    """Write a recording in another format: HAR, a VCR.py cassette, WireMock, Hoverfly, Pact, OpenAPI, a pytest module.

    What cannot be said in it is told on standard error.
    """
    from meshdev.recording.calls import is_call
    from meshdev.recording.formats import FORMATS, Options, written
    from meshdev.recording.formats.learnt import learnt
    from meshdev.storage.recordings.exported import file_name, write_export

    recording = _only(with_calls(options.here(), name), edges)
    known = FORMATS[format_]
    told = sum(not is_call(one) for one in recording.exchanges)
    if not told:
        raise UsageError(
            f"{name} has nothing but calls of gRPC, and {known.title} has no word for them",
            hint=f"`meshdev record show {name} --json` has all of them",
        )
    made = written(recording, format_, Options(volatile=learnt(recording)))
    if output == "-":
        if len(made.files) != 1:
            raise UsageError(f"{known.title} are {len(made.files)} files", hint="-o FOLDER")
        sys.stdout.buffer.write(next(iter(made.files.values())))
    else:
        target = Path(output or file_name(name, known))
        write_export(made.files, target, folder=known.suffix == "/", force=force)
        click.echo(f"{target}: {known.title}, {format_count(told, 'call')}")
    for note in made.notes:
        click.echo(click.style(note, fg="yellow"), err=True)


@click.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path), metavar="PATH")
@click.option("--from", "format_", type=click.Choice(_READ), help="The format; guessed when it is left out.")
@click.option("--name", metavar="NAME", help="What the recording is called; else after the file.")
@click.option("--no-redact", is_flag=True, help="Keep secrets as they are. They will be on your disk.")
def import_(*, path: Path, format_: str | None, name: str | None, no_redact: bool) -> None:
    """Make a recording out of a HAR file, a VCR.py cassette, WireMock mappings or a Hoverfly simulation.

    Secrets are taken out on the way. A stand-in plays it like any other.
    """
    from meshdev.recording.formats import import_ as read

    project = options.here()
    files = _files(path)
    recording = read(files, format_ or _guessed(path, files), name or _stem(path))
    if not no_redact:
        recording = _redacted(recording, project)
    library_of(project).save(recording)
    size = format_size(sum(map(len, files.values())))
    click.echo(f"{recording.meta.name}: {format_count(len(recording.exchanges), 'call')} out of {size}")


def _only(recording: "Recording", edges: tuple[str, ...]) -> "Recording":
    import msgspec

    from meshdev.traffic.faults.target import means, parse_edge

    patterns = []
    for text in edges:
        pattern = parse_edge(text)
        if pattern is None:
            raise UsageError(
                f"{text!r} is no edge", hint="write it as 'orders -> payments'; * stands for any"
            )
        patterns.append(pattern)
    if not patterns:
        return recording
    kept = tuple(
        one
        for one in recording.exchanges
        if any(means(it, one.caller, one.callee, one.endpoint) for it in patterns)
    )
    if not kept:
        known = ", ".join(sorted({one.edge for one in recording.exchanges}))
        raise UsageError(
            f"{recording.meta.name} has no call over {', '.join(edges)}", hint=f"it has: {known}"
        )
    return msgspec.structs.replace(recording, exchanges=kept)


def _files(path: Path) -> dict[str, bytes]:
    paths = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    base = path if path.is_dir() else path.parent
    if sum(one.stat().st_size for one in paths) > _MOST_BYTES:
        raise UsageError(f"{path} is larger than {format_size(_MOST_BYTES)}", hint="split it")
    try:
        return {one.relative_to(base).as_posix(): one.read_bytes() for one in paths}
    except OSError as error:
        raise StorageError(f"cannot read {error.filename}: {error.strerror}") from error


def _guessed(path: Path, files: Mapping[str, bytes]) -> str:
    if path.is_dir():
        return "wiremock"
    if path.suffix in {".yaml", ".yml"}:
        return "vcr"
    start = next(iter(files.values()))[: 1 << 20]
    if path.suffix == ".har" or b'"creator"' in start:
        return "har"
    for mark, format_ in (
        (b'"globalActions"', "hoverfly"),
        (b'"pairs"', "hoverfly"),
        (b'"mappings"', "wiremock"),
    ):
        if mark in start:
            return format_
    if b'"interactions"' in start:
        return "vcr"
    if b'"request"' in start and b'"response"' in start:
        return "wiremock"
    raise UsageError(f"{path}: of which format?", hint=f"--from {'|'.join(_READ)}")


def _stem(path: Path) -> str:
    name = path.resolve().name
    return name.partition(".")[0] or name


def _redacted(recording: "Recording", project: "Project") -> "Recording":
    import msgspec

    from meshdev.recording.redaction import Redactor
    from meshdev.storage.recordings.key import redaction_key

    redactor = Redactor(key=redaction_key(project.paths.redaction_key))
    exchanges = tuple(redactor.exchange(one) for one in recording.exchanges)
    meta = msgspec.structs.replace(recording.meta, redacted=True)
    return msgspec.structs.replace(recording, exchanges=exchanges, meta=meta)
