"""Variables put into the tree before it is validated, so that a value may be a number or a truth value.

Every text is expanded but prose (`description`, `team`, ``x-`` keys), what is kept as it was written (`recording`,
`faults`, and of `experiments` all but addresses) and command lines, which `topology.commands` treats since a shell has
its own say in them. Variables come from outside, then from ``.env`` beside the first file, then from ``.env`` beside
the file that defines the node. In parts that the profiles leave out, a missing variable is no problem.
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshdev.errors import Problem, TopologyError
from meshdev.topology import dotenv
from meshdev.topology.assembly import Assembly
from meshdev.topology.findings import dotted
from meshdev.topology.lines import Path as KeyPath
from meshdev.topology.paths import shown_as
from meshdev.topology.scalars import Interpolated, Unknown
from meshdev.topology.template import SECTIONS, Mode, escape, expand

_ADDRESSES = frozenset({"http", "url"})
PROSE = frozenset({"description", "team", "command", "entrypoint", "exec", "test", "action"})


@dataclass(slots=True)
class Variables:
    """What references find, by the folder of the file that they stand in; ``known`` for all of them, if given."""

    root: Path
    outside: Mapping[str, str]
    known: Mapping[str, str] | None = None
    problems: list[Problem] = field(default_factory=list)
    _files: dict[Path, Mapping[str, str]] = field(default_factory=dict)

    def of(self, home: Path) -> Mapping[str, str]:
        """The variables for a file in ``home``."""
        if self.known is not None:
            return self.known
        mine = [self._file(folder) for folder in dict.fromkeys((self.root, home))]
        return ChainMap(dict(self.outside), *(dict(variables) for variables in mine))

    def _file(self, folder: Path) -> Mapping[str, str]:
        if folder not in self._files:
            self._files[folder] = self._read(folder / ".env")
        return self._files[folder]

    def _read(self, file: Path) -> Mapping[str, str]:
        if not file.is_file():
            return {}
        try:
            entries = dotenv.read(file, self.outside, shown=shown_as(file, self.root))
        except TopologyError as error:
            self.problems.extend(error.problems)
            return {}
        return {name: entry.value.replace("$$", "$") for name, entry in entries.items()}


def interpolate(assembly: Assembly, variables: Variables, inactive: frozenset[tuple[str, str]]) -> None:
    """Expand every text of the tree in place."""
    for section, name, node in assembly.nodes():
        strict = (section, name) not in inactive
        walk = _Walk(assembly, variables.of(assembly.homes[section, name]), strict=strict)
        expanded = walk.value((section, name), node)
        cut = assembly.cut.get((section, name), set())
        assembly.tree[section][name] = {key: value for key, value in expanded.items() if key not in cut}
    profiles = assembly.tree.get("profiles")
    lenient = _Walk(assembly, variables.of(assembly.root), strict=False)
    if profiles is not None:
        assembly.tree["profiles"] = lenient.value(("profiles",), profiles)
    head = _Walk(assembly, variables.of(assembly.root), strict=True)
    for section in ("system", "telemetry", "networks", "volumes", "secrets", "configs"):
        if section in assembly.tree:
            assembly.tree[section] = head.value((section,), assembly.tree[section])
    if "experiments" in assembly.tree:
        assembly.tree["experiments"] = _addresses(head, ("experiments",), assembly.tree["experiments"])


def _addresses(walk: "_Walk", path: KeyPath, value: Any) -> Any:
    """The same with only addresses expanded (``http`` of a check, ``url`` of the load)."""
    match value:
        case str():
            return walk.value(path, value) if path[-1] in _ADDRESSES else value
        case list():
            return [_addresses(walk, (*path, index), item) for index, item in enumerate(value)]
        case dict():
            return {key: _addresses(walk, (*path, key), item) for key, item in value.items()}
        case _:
            return value


def _is_prose(path: KeyPath) -> bool:
    """Whether ``path`` leads to a node's own prose or command, and not to a name that only looks so."""
    inner = path[4:] if path[0] == "profiles" else path[2:]
    return path[-1] in PROSE and (len(inner) == 1 or inner[:1] in (("healthcheck",), ("watch",)))


@dataclass(frozen=True, slots=True)
class _Walk:
    assembly: Assembly
    variables: Mapping[str, str]
    strict: bool

    def value(self, path: KeyPath, value: Any) -> Any:
        match value:
            case str():
                return self._text(path, value)
            case list() if path[-1] == "environment":
                listed = (self._assignment((*path, index), item) for index, item in enumerate(value))
                return [item for item in listed if item is not None]
            case list():
                return [self.value((*path, index), item) for index, item in enumerate(value)]
            case dict():
                return {key: self._entry((*path, key), key, item) for key, item in value.items()}
            case _:
                return value

    def _entry(self, path: KeyPath, key: str, item: Any) -> Any:
        free = key.startswith("x-") or _is_prose(path)
        return item if free else self.value(path, item)

    def _assignment(self, path: KeyPath, item: Any) -> Any:
        """An element of ``environment = ["A=1", "B"]``; ``B`` is dropped when it isn't set outside, as in Compose."""
        if not isinstance(item, str) or "=" in item:
            return self.value(path, item)
        value = self.variables.get(item)
        return None if value is None else f"{item}={escape(value)}"

    def _text(self, path: KeyPath, text: str) -> str:
        if "$" not in text:
            return text
        mode = Mode.TEMPLATE if "environment" in path[2:] else Mode.FINAL
        expansion = expand(text, self.variables, mode)
        if expansion.faults and not self.strict:
            return Unknown(text)
        for fault in expansion.faults:
            problem = Problem(self.assembly.where(path), f"{dotted(path)}: {fault.message}", fault.hint)
            self.assembly.problems.append(problem)
        if expansion.faults and mode is Mode.FINAL and path[0] in SECTIONS:
            self.assembly.cut.setdefault((str(path[0]), str(path[1])), set()).add(str(path[2]))
        return Unknown(text) if expansion.faults else Interpolated(expansion.text)
