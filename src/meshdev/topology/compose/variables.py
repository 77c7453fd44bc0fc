"""Where a Compose project's variables come from: the shell that started meshdev, then ``.env`` of the project.

``include`` and ``--env-file`` name other files in the place of ``.env``. Of several files a later one wins; the shell
wins over all of them. In these files, too, a variable that is not set is empty, as Compose has it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from meshdev.errors import TopologyError, Where
from meshdev.topology import dotenv
from meshdev.topology.compose.nodes import Report
from meshdev.topology.paths import shown_as

FILE_NAME = ".env"


def project_variables(
    outside: Mapping[str, str], files: Sequence[Path], root: Path, report: Report
) -> dict[str, str]:
    """The variables of a project with these files, which may be missing."""
    found: dict[str, str] = {}
    for file in files:
        if file.is_file():
            found.update(_read(file, {**found, **outside}, root, report))
    return {**found, **outside}


def _read(file: Path, outside: Mapping[str, str], root: Path, report: Report) -> dict[str, str]:
    shown = shown_as(file, root)
    try:
        entries = dotenv.read(file, outside, shown=shown, form=dotenv.Form.COMPOSE)
    except TopologyError as error:
        report.problems.extend(error.problems)
        return {}
    for name, entry in entries.items():
        for missing in entry.missing:
            report.note(
                Where(shown, entry.line), f"{name}: variable {missing} is not set", "empty, as in Compose"
            )
    return {name: entry.value.replace("$$", "$") for name, entry in entries.items()}
