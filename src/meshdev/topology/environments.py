"""The environment of one node as templates: ``env_file`` first, ``environment`` over it."""

from meshdev.errors import TopologyError
from meshdev.topology import dotenv
from meshdev.topology.paths import shown_as
from meshdev.topology.scope import Scope

_NOT_IN_NAMES = ("=", "\0")


def environment_of(scope: Scope) -> dict[str, str]:
    """Variables by name; values go through `template.resolve` at launch."""
    variables: dict[str, str] = {}
    for index, entry in enumerate(scope.table.env_file or ()):
        file = scope.folder(entry.path)
        if not file.is_file():
            if entry.required:
                hint = 'create it, or write { path = "…", required = false }'
                scope.complain(("env_file", index), f'there is no file "{entry.path}"', hint)
            continue
        try:
            entries = dotenv.read(file, scope.variables, shown=shown_as(file, scope.root), form=entry.format)
        except TopologyError as error:
            scope.problems.extend(error.problems)
            continue
        variables.update((name, found.value) for name, found in entries.items())
    for name, value in (scope.table.environment or {}).items():
        if not name or any(char in name for char in _NOT_IN_NAMES):
            scope.complain(("environment", name), f'"{name}" is no name of a variable')
        elif "\0" in value:
            scope.complain(("environment", name), "the value holds a NUL byte, which no environment can")
        else:
            variables[name] = value
    return variables
