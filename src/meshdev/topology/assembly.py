"""Several documents and the chosen profiles as one tree, with every key's place and every node's own folder.

Included files add their nodes; names are unique over all files. A profile's overlay replaces key by key: tables of
names (`environment`, `edges`, `limits` …) are merged within, anything else is replaced whole, and one way to run
(`command`, `image` …) replaces another. Values are still as tomllib gave them, so nothing here may trust a type.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from meshdev.errors import Problem, Where
from meshdev.topology import document
from meshdev.topology.document import Document
from meshdev.topology.file_model import calls_form, environment_form
from meshdev.topology.file_parts import dependencies_form
from meshdev.topology.lines import Path as KeyPath
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.paths import absolute, shown_as
from meshdev.topology.template import SECTIONS

RUNS = ("command", "image", "build", "stub", "url")
SHARED = ("networks", "volumes", "secrets", "configs")
_BY_NAME = (*SECTIONS, *SHARED, "profiles", "faults", "experiments")
_OF_THE_FIRST = ("system", "telemetry", "recording", "include", "extends")
MERGED = ("environment", "edges", "limits", "endpoints", "stop", "depends_on", "calls")


@dataclass(slots=True)
class Assembly:
    """The tree while it is put together; ``cut`` are the keys of nodes that were taken out as faulty.

    ``variables`` are those of all its texts, where whoever made the tree has them already.
    """

    root: Path
    tree: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Where] = field(default_factory=dict)
    homes: dict[tuple[str, str], Path] = field(default_factory=dict)
    active: tuple[str, ...] = ()
    cut: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    variables: Mapping[str, str] | None = None

    def where(self, path: KeyPath) -> Where:
        """Where ``path`` stands, or the nearest thing around it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return Where(self.documents[0].shown) if self.documents else Where("meshdev.toml")

    def where_named(self, path: KeyPath, name: str) -> Where:
        """Where ``name`` stands in the table or the array at ``path``."""
        value: Any = self.tree
        for part in path:
            value = value.get(part, {}) if isinstance(value, dict) else {}
        if isinstance(value, list) and name in value:
            return self.where((*path, value.index(name)))
        return self.where((*path, name))

    def nodes(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Section, name and raw table of every node that is a table."""
        for section in SECTIONS:
            table = self.tree.get(section)
            for name, node in table.items() if isinstance(table, dict) else ():
                if isinstance(node, dict):
                    yield section, name, node


def read_all(file: Path) -> Assembly:
    """``file`` and what it includes, as one tree; problems are kept in it."""
    assembly = Assembly(root=file.parent)
    _read(assembly, file, (), None)
    return assembly


def _read(assembly: Assembly, file: Path, chain: tuple[Path, ...], asked: Where | None) -> None:
    shown = shown_as(file, assembly.root)
    if file in chain:
        names = " -> ".join(shown_as(link, assembly.root) for link in (*chain[chain.index(file) :], file))
        assembly.problems.append(Problem(asked or Where(shown), f"files include each other: {names}"))
        return
    if any(known.file == file for known in assembly.documents):
        return
    answer = document.read(file, shown)
    if isinstance(answer, Problem):
        missing = asked is not None and not file.exists()
        problem = (
            Problem(asked or answer.where, f'include: there is no file "{shown}"') if missing else answer
        )
        assembly.problems.append(problem)
        return
    assembly.documents.append(answer)
    _add(assembly, answer)
    for key in ("include", "extends"):
        included = answer.data.get(key, ())
        for index, name in enumerate([included] if isinstance(included, str) else _strings(included)):
            where = answer.where((key, index))
            _read(assembly, absolute(file.parent, name), (*chain, file), where)


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _add(assembly: Assembly, doc: Document) -> None:
    for path, line in doc.lines.items():
        assembly.places.setdefault(path, Where(doc.shown, line))
    first = len(assembly.documents) == 1
    for key, value in doc.data.items():
        if key in _OF_THE_FIRST and not first:
            continue
        present = assembly.tree.get(key)
        if isinstance(value, dict) and key in _BY_NAME and (present is None or isinstance(present, dict)):
            for name, entry in value.items():
                _add_entry(assembly, doc, key, name, entry)
        elif present is None:
            assembly.tree[key] = value


def _add_entry(assembly: Assembly, doc: Document, key: str, name: str, entry: Any) -> None:
    present = assembly.tree.setdefault(key, {})
    if name not in present:
        present[name] = entry
        if key in (*SECTIONS, *SHARED):
            assembly.homes[key, name] = doc.file.parent
    elif key == "profiles" and isinstance(entry, dict) and isinstance(present[name], dict):
        _merge_profile(assembly, doc, name, entry)
    else:
        message = f"{key}.{name} is already defined at {assembly.where((key, name))}"
        hint = "names are unique over all included files"
        assembly.problems.append(Problem(doc.where((key, name)), message, hint))


def _merge_profile(assembly: Assembly, doc: Document, name: str, entry: dict[str, Any]) -> None:
    present = assembly.tree["profiles"][name]
    for section, nodes in entry.items():
        there = present.setdefault(section, {})
        if not (isinstance(nodes, dict) and isinstance(there, dict)):
            continue
        for node, overlay in nodes.items():
            path: KeyPath = ("profiles", name, section, node)
            if node in there:
                message = f"profiles.{name}.{section}.{node} is already defined at {assembly.where(path)}"
                assembly.problems.append(Problem(doc.where(path), message))
            else:
                there[node] = overlay


def choose_profiles(assembly: Assembly, wanted: Sequence[str] | None) -> None:
    """Put the overlays of the wanted (else the default) profiles over the tree; sets ``active``."""
    known = _known_profiles(assembly)
    system = assembly.tree.get("system")
    default = system.get("default_profile") if isinstance(system, dict) else None
    if wanted is None:
        chosen = (
            [(default, assembly.where(("system", "default_profile")))] if isinstance(default, str) else []
        )
    else:
        chosen = [(name, Where(assembly.where(()).file)) for name in dict.fromkeys(wanted)]
    for name, where in chosen:
        if name not in known:
            hint = did_you_mean(name, known, what="profiles")
            assembly.problems.append(Problem(where, f'there is no profile "{name}"', hint))
    assembly.active = tuple(name for name, _ in chosen)
    for name in assembly.active:
        _overlay(assembly, name)


def _known_profiles(assembly: Assembly) -> set[str]:
    profiles = assembly.tree.get("profiles")
    known = {name for name in profiles if not name.startswith("x-")} if isinstance(profiles, dict) else set()
    for _, _, node in assembly.nodes():
        listed = node.get("profiles")
        known.update([listed] if isinstance(listed, str) else _strings(listed))
    return known


def _overlay(assembly: Assembly, profile: str) -> None:
    profiles = assembly.tree.get("profiles")
    overlay = profiles.get(profile) if isinstance(profiles, dict) else None
    if not isinstance(overlay, dict):
        return
    for section in SECTIONS:
        nodes = overlay.get(section)
        table = assembly.tree.setdefault(section, {}) if isinstance(nodes, dict) else None
        if not isinstance(table, dict) or not isinstance(nodes, dict):
            continue
        for name, changes in nodes.items():
            source: KeyPath = ("profiles", profile, section, name)
            target: KeyPath = (section, name)
            assembly.homes.setdefault((section, name), assembly.root)
            if isinstance(changes, dict) and isinstance(table.get(name, {}), dict):
                table[name] = _merge(assembly, table.get(name, {}), changes, source, target)
            else:
                table[name] = changes
                _move_places(assembly, source, target)


def _merge(
    assembly: Assembly, base: Mapping[str, Any], changes: Mapping[str, Any], source: KeyPath, target: KeyPath
) -> dict[str, Any]:
    merged = dict(base)
    assembly.places.setdefault(target, assembly.where(source))
    if any(key in RUNS for key in changes):
        merged = {key: value for key, value in merged.items() if key not in RUNS}
    for key, written in changes.items():
        before = _as_table(key, merged.get(key))
        value = _as_table(key, written)
        if key in MERGED and isinstance(before, dict) and isinstance(value, dict):
            merged[key] = {**before, **value}
            for name in value:
                _move_places(assembly, (*source, key, name), (*target, key, name))
        else:
            merged[key] = written
            _move_places(assembly, (*source, key), (*target, key))
    return merged


def _as_table(key: str, value: Any) -> Any:
    """A list of names or assignments as the table that it stands for, so that it can be merged."""
    forms = {"environment": environment_form, "depends_on": dependencies_form, "calls": calls_form}
    if key not in forms or not isinstance(value, list):
        return value
    try:
        return forms[key](value)
    except PydanticCustomError:
        return value


def _move_places(assembly: Assembly, source: KeyPath, target: KeyPath) -> None:
    for path in [path for path in assembly.places if path[: len(target)] == target]:
        del assembly.places[path]
    size = len(source)
    for path, where in list(assembly.places.items()):
        if path[:size] == source:
            assembly.places[*target, *path[size:]] = where
