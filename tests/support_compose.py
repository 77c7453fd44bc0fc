"""Reading Compose files in tests: what came of one, as lines that a corpus file may end with."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from enum import StrEnum
from pathlib import Path

from meshdev.errors import Problem, TopologyError, Where
from meshdev.topology.compose.project import files_in
from meshdev.topology.compose.reading import read_compose
from meshdev.topology.compose.writing import as_toml
from meshdev.topology.load import load
from meshdev.topology.model import Service, System

CORPUS = Path(__file__).parent / "topology" / "compose" / "corpus"
ENVIRON = {"PATH": "/usr/bin:/bin", "HOME": "/home/somebody", "FROM_OUTSIDE": "outside"}


def write_compose(folder: Path, text: str, **files: str) -> Path:
    """Write ``text`` as compose.yml, and ``files`` beside it (``__`` in a name is a dot)."""
    for name, content in files.items():
        file = folder / name.replace("__", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
    file = folder / "compose.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def composed(folder: Path, text: str, *, environ: Mapping[str, str] | None = None, **files: str) -> System:
    """The system that a Compose file with ``text`` describes."""
    file = write_compose(folder, text, **files)
    return load(file, overrides=files_in(folder)[1:], environ={**ENVIRON, **(environ or {})})


def laid_out(case: Path, folder: Path) -> tuple[Path, ...]:
    """A case of the corpus in a folder of its own; its files as Compose finds them."""
    if case.is_dir():
        shutil.copytree(case, folder, dirs_exist_ok=True)
    else:
        shutil.copy(case, folder / "compose.yml")
    return files_in(folder)


def outcome(files: Sequence[Path]) -> list[str]:
    """What came of the files: ``#!`` problems, ``#~`` notes, ``#>`` edges that nobody wrote."""
    try:
        system = load(files[0], overrides=files[1:], environ=ENVIRON)
    except TopologyError as error:
        return [_line("#!", problem, files[0].parent) for problem in error.problems]
    lines = [_line("#~", problem, files[0].parent) for problem in sorted({*system.warnings, *system.notes})]
    edges = (f"#> {it.caller} -> {it.callee}:{it.port} {it.protocol}: {it}" for it in system.inferred)
    return [*lines, *edges]


def value_of(system: System, path: str, folder: Path) -> str:
    """What stands at ``path`` (``web.run.image``, or a field of the system), as text without defaults."""
    head, *rest = path.split(".")
    value: object = system.services[head] if head in system.services else getattr(system, head)
    for part in rest:
        value = getattr(value, part)
    return _shown(value).replace(str(folder), "ROOT").replace(str(folder.parent), "OUT")


def _shown(value: object) -> str:
    """``value`` as text; of data classes only what differs from their defaults."""
    match value:
        case StrEnum() | Path():
            return repr(str(value))
        case tuple():
            return f"({', '.join(map(_shown, value))})"
        case Service():
            return "…"
        case Mapping():
            return f"{{{', '.join(f'{key}: {_shown(item)}' for key, item in value.items())}}}"
    if not is_dataclass(value) or isinstance(value, type):
        return repr(value)
    said = [f"{it.name}={_shown(getattr(value, it.name))}" for it in fields(value) if not _default(value, it)]
    return f"{type(value).__name__}({', '.join(said)})"


def _default(value: object, field: Field[object]) -> bool:
    found = getattr(value, field.name)
    made = field.default_factory() if field.default_factory is not MISSING else field.default
    return bool(found == made) or isinstance(found, Where)


def _line(mark: str, problem: Problem, folder: Path) -> str:
    hint = f" | {problem.hint}" if problem.hint else ""
    return f"{mark} {problem.where}: {problem.message}{hint}".replace("\n", "\\n").replace(
        str(folder), "ROOT"
    )


def imported(files: Sequence[Path]) -> System:
    """The system of the meshdev.toml that is made of the files."""
    reading = read_compose(files, environ=ENVIRON, references=True)
    file = files[0].parent / "meshdev.toml"
    file.write_text(as_toml(reading), "utf-8")
    return load(file, environ=ENVIRON)


def bare(system: System) -> System:
    """The system without where it stands."""
    services = {name: _bare_service(node) for name, node in system.services.items()}
    return replace(
        system,
        file=Path(),
        sources=(),
        warnings=(),
        notes=(),
        overrides=(),
        inferred=(),
        services=services,
        faults={},
    )


def _bare_service(node: Service) -> Service:
    depends = tuple(replace(entry, where=None) for entry in node.depends_on)
    return replace(node, where=None, depends_on=depends)
