"""The formats by name, and the two verbs: `export` and `import_`."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final, cast

from msgspec import Struct
from msgspec.structs import replace

from meshdev.errors import RecordingError
from meshdev.kernel.nearest import did_you_mean
from meshdev.kernel.quantity import format_count
from meshdev.recording.calls import is_call
from meshdev.recording.formats.written import Options, Reader, Writer, Written
from meshdev.recording.model import Recording

_DEFAULT: Final = Options()


class Format(Struct, frozen=True):
    """A format: ``suffix`` of its file, or ``/`` when it is a folder; ``package`` holds `write` and `read`."""

    name: str
    title: str
    suffix: str
    reads: bool
    writes: bool
    package: str


FORMATS: Final[Mapping[str, Format]] = {
    one.name: one
    for one in (
        Format(
            "har", "HAR 1.2, as browsers and proxies write it", ".har", reads=True, writes=True, package="har"
        ),
        Format("vcr", "a VCR.py cassette", ".yaml", reads=True, writes=True, package="vcr"),
        Format("wiremock", "WireMock mappings", "/", reads=True, writes=True, package="wiremock"),
        Format("hoverfly", "a Hoverfly simulation v5", ".json", reads=True, writes=True, package="hoverfly"),
        Format("pact", "Pact V4 contracts", "/", reads=False, writes=True, package="pact"),
        Format("openapi", "OpenAPI 3.1", "/", reads=False, writes=True, package="openapi"),
        Format("pytest", "a pytest module", ".py", reads=False, writes=True, package="scenarios"),
    )
}


def written(recording: Recording, name: str, options: Options = _DEFAULT) -> Written:
    """A recording in another format, and what could not be said in it. Raises RecordingError for an unknown one."""
    known = _format(name)
    module = import_module(f"meshdev.recording.formats.{known.package}.write")
    calls = sum(map(is_call, recording.exchanges))
    if not calls:
        return cast("Writer", module.write)(recording, options)
    others = tuple(one for one in recording.exchanges if not is_call(one))
    made = cast("Writer", module.write)(replace(recording, exchanges=others), options)
    note = f"{format_count(calls, 'call')} of gRPC left out: {known.title} has no word for them"
    return Written(made.files, (note, *made.notes))


def export(recording: Recording, name: str, options: Options = _DEFAULT) -> Mapping[str, bytes]:
    """The files alone: relative path, content."""
    return written(recording, name, options).files


def import_(files: Mapping[str, bytes], name: str, recording: str = "imported") -> Recording:
    """Files of another format as a recording of this name; secrets in them are not redacted here.

    Raises RecordingError with the file and the place of what is wrong.
    """
    known = _format(name)
    if not known.reads:
        raise RecordingError(f"meshdev writes {known.title}, and does not read it")
    module = import_module(f"meshdev.recording.formats.{known.package}.read")
    return cast("Reader", module.read)(files, recording)


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise RecordingError(
            f"no format is called {name!r}", hint=did_you_mean(name, FORMATS, what="there are")
        )
    return FORMATS[name]
