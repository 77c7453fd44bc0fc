"""Where the source of a thing is: a service's definition, the code that it runs, a line that a log names.

These look at files: call them in a thread.
"""

from pathlib import Path
from typing import NamedTuple

from meshdev.telemetry.stacktrace import culprit

_MAINS = (
    "{name}/__main__.py",
    "{name}/main.py",
    "{name}/app.py",
    "{name}.py",
    "__main__.py",
    "main.py",
    "app.py",
    "main.go",
    "src/main.rs",
    "src/index.ts",
    "src/main.ts",
    "index.ts",
    "index.mjs",
    "index.js",
    "server.mjs",
    "server.js",
    "main.mjs",
    "main.js",
    "package.json",
    "start.sh",
)


class Source(NamedTuple):
    """A file, and the line to look at (None: the whole)."""

    file: Path
    line: int | None = None


def definition_of(topology: Path, name: str) -> Source:
    """Where ``name`` (``orders``, ``brokers.events``) is defined, in ``topology`` or in what that includes."""
    from meshdev.topology.assembly import read_all  # noqa: PLC0415 -- a quarter of the dashboard's start otherwise

    section, _, short = name.rpartition(".")
    key = (section or "services", short)
    if topology.suffix in (".yml", ".yaml"):
        return _composed(topology, short)
    for document in read_all(topology).documents:
        if key in document.lines:
            return Source(document.file, document.lines[key])
    return Source(topology)


def _composed(file: Path, name: str) -> Source:
    """Where a Compose file has the service."""
    from meshdev.topology.compose.nodes import Report  # noqa: PLC0415 -- as above
    from meshdev.topology.compose.yaml_nodes import read  # noqa: PLC0415 -- as above

    tree = read(file, str(file), Report())
    services = tree.get("services") if tree is not None else None
    for key, node in services.entries.items() if services is not None else ():
        if key.replace(".", "-") == name:
            return Source(file, node.where.line)
    return Source(file)


def code_of(working_dir: Path, name: str) -> Source:
    """The file in ``working_dir`` that most likely is the service's beginning, else the folder."""
    package = name.rpartition(".")[2].replace("-", "_")
    for pattern in _MAINS:
        file = working_dir / pattern.format(name=package)
        if file.is_file():
            return Source(file)
    return Source(working_dir)


def named_in(text: str, folder: Path) -> Source | None:
    """The source line that a log line or a stack trace is about, a relative path being taken from ``folder``."""
    place = culprit(text)
    if place is None:
        return None
    file = folder / place.path
    return Source(file, place.line) if file.is_file() else None
