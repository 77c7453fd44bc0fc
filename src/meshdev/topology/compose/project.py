"""Compose files as one canonical project: read, filled with variables, extended, included, merged.

For each file in turn: its variables, its short forms, what its services extend, what it includes; then it is laid over
the files before it. Relative paths start from the folder of the first file (of the included or extended one for what
comes from there). Resources of an included project may not be named like others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.errors import Where
from meshdev.kernel.project import COMPOSE_FILES, COMPOSE_OVERRIDES
from meshdev.topology.compose.canonical import Canonical
from meshdev.topology.compose.merging import merge, without_tags
from meshdev.topology.compose.nodes import Node, Report, plain
from meshdev.topology.compose.shapes import document as canonical_document
from meshdev.topology.compose.substitution import Substitution
from meshdev.topology.compose.variables import FILE_NAME, project_variables
from meshdev.topology.compose.yaml_nodes import read
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.paths import absolute, shown_as

_SECTIONS = ("services", "networks", "volumes", "secrets", "configs")


@dataclass(frozen=True, slots=True)
class Project:
    """What the files say together: canonical nodes, and the variables that they were read with."""

    root: Path
    tree: Node
    variables: Mapping[str, str]
    sources: tuple[Path, ...]
    report: Report = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a part of the project is read: its folder, its variables, and whether these are the project's own."""

    folder: Path
    variables: Mapping[str, str]
    own: bool = True


def files_in(folder: Path) -> tuple[Path, ...]:
    """The Compose file of ``folder`` with its override, if there is one; nothing when there is none."""
    base = next((folder / name for name in COMPOSE_FILES if (folder / name).is_file()), None)
    over = next((folder / name for name in COMPOSE_OVERRIDES if (folder / name).is_file()), None)
    return tuple(file for file in (base, over if base else None) if file is not None)


def read_project(files: Sequence[Path], *, environ: Mapping[str, str]) -> Project:
    """The project of ``files``, the first of which gives the folder; what is wrong is in its report."""
    root = files[0].parent
    report = Report()
    variables = project_variables(environ, [root / FILE_NAME], root, report)
    reader = _Reader(root, report)
    tree = reader.project(files, _Place(root, variables), ())
    return Project(root, tree, variables, tuple(dict.fromkeys(reader.sources)), report)


class _Reader:
    def __init__(self, root: Path, report: Report) -> None:
        self.root = root
        self.report = report
        self.sources: list[Path] = []

    def project(self, files: Sequence[Path], place: _Place, chain: tuple[Path, ...]) -> Node:
        """Several files of one project as one tree."""
        tree = Node({}, Where(shown_as(files[0], self.root)))
        for file in files:
            document = self._document(file, place)
            if document is None:
                continue
            own = self._extended(document, file, place)
            made = merge(tree, self._with_included(own, place, (*chain, file)), self.report)
            tree = made or tree
        return without_tags(tree) or tree

    def _document(self, file: Path, place: _Place) -> Node | None:
        """``file`` with its variables and in canonical shape."""
        shown = shown_as(file, self.root)
        self.sources.append(file)
        node = read(file, shown, self.report)
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self.report.complain(node.where, "a Compose file is a mapping", "services:")
            return None
        filled = Substitution(place.variables, self.report, own=place.own).document(node)
        return canonical_document(Canonical(place.folder, self.report), filled)

    def _extended(self, document: Node, file: Path, place: _Place) -> Node:
        """The document with every ``extends`` followed."""
        services = document.entries.get("services")
        if services is None or not any("extends" in entry.entries for entry in services.entries.values()):
            return document
        made = {
            name: self._extend(name, entry, (file, document), place, ((file, name),))
            for name, entry in services.entries.items()
        }
        return Node(
            {**document.entries, "services": Node(made, services.where, services.tag)}, document.where
        )

    def _extend(
        self,
        name: str,
        service: Node,
        home: tuple[Path, Node],
        place: _Place,
        chain: tuple[tuple[Path, str], ...],
    ) -> Node:
        wanted = service.entries.get("extends")
        if wanted is None or wanted.value is None:
            return service
        own = Node(
            {key: it for key, it in service.entries.items() if key != "extends"}, service.where, service.tag
        )
        target = (wanted.get("service") or wanted).text if wanted.entries else wanted.text
        named = wanted.get("file")
        file, document, there = home[0], home[1], place
        if named is not None:
            file = absolute(place.folder, named.text)
            there = _Place(file.parent, place.variables, place.own)
            known = file.is_file()
            loaded = self._document(file, there) if known else None
            if loaded is None:
                if not known:
                    message = f'services.{name}.extends: there is no file "{named.text}"'
                    self.report.complain(named.where, message, f"looked for {file}")
                return own
            document = loaded
        base = (document.entries.get("services") or document).entries.get(target)
        if (file, target) in chain:
            circle = " -> ".join(link[1] for link in (*chain, (file, target)))
            self.report.complain(wanted.where, f"services extend each other: {circle}")
            return own
        if base is None:
            names = (document.entries.get("services") or Node({}, wanted.where)).entries
            message = (
                f'services.{name}.extends: there is no service "{target}" in {shown_as(file, self.root)}'
            )
            self.report.complain(wanted.where, message, did_you_mean(target, names))
            return own
        base = self._extend(target, base, (file, document), there, (*chain, (file, target)))
        return merge(base, own, self.report, ("services", name)) or own

    def _with_included(self, document: Node, place: _Place, chain: tuple[Path, ...]) -> Node:
        """The document, and the resources of what it includes."""
        wanted = document.entries.get("include")
        if wanted is None:
            return document
        tree = Node({key: it for key, it in document.entries.items() if key != "include"}, document.where)
        if not isinstance(wanted.value, tuple):
            self.report.complain(wanted.where, "include: accepted: a list of paths", "- team/compose.yml")
            return tree
        for item in wanted.elements:
            included = self._include(item, place, chain)
            if included is not None:
                tree = self._imported(tree, included)
        return tree

    def _include(self, item: Node, place: _Place, chain: tuple[Path, ...]) -> Node | None:
        paths = _texts(item.get("path")) if item.entries else _texts(item)
        files = [absolute(place.folder, path.text) for path in paths]
        if not files:
            self.report.complain(item.where, "include: accepted: a path, or a mapping with path")
            return None
        for path, file in zip(paths, files, strict=True):
            if file in chain:
                circle = " -> ".join(shown_as(link, self.root) for link in (*chain, file))
                self.report.complain(path.where, f"files include each other: {circle}")
                return None
            if not file.is_file():
                self.report.complain(
                    path.where, f'include: there is no file "{path.text}"', f"looked for {file}"
                )
                return None
        written = item.get("project_directory")
        folder = absolute(place.folder, written.text) if written else files[0].parent
        named = [absolute(place.folder, it.text) for it in _texts(item.get("env_file"))]
        env_files = named or [folder / FILE_NAME]
        own = folder == place.folder and not named
        variables = project_variables(place.variables, env_files, self.root, self.report)
        same = own or variables == place.variables
        return self.project(files, _Place(folder, variables, place.own and same), chain)

    def _imported(self, tree: Node, included: Node) -> Node:
        entries = dict(tree.entries)
        for section in _SECTIONS:
            theirs = included.entries.get(section)
            if theirs is None:
                continue
            mine = dict((entries.get(section) or theirs.with_value({})).entries)
            for name, entry in theirs.entries.items():
                known = mine.get(name)
                if known is not None and plain(known) != plain(entry):
                    message = f"{section}.{name} is also defined at {entry.where}, which is included"
                    self.report.complain(
                        known.where, message, "rename one of them, or change it in an override file"
                    )
                mine.setdefault(name, entry)
            entries[section] = Node(mine, theirs.where)
        return Node(entries, tree.where)


def _texts(node: Node | None) -> list[Node]:
    """The scalars of a list, or the one that stands for it."""
    if node is None:
        return []
    listed = node.elements if isinstance(node.value, tuple) else (node,)
    return [item for item in listed if not isinstance(item.value, dict | tuple) and item.value is not None]
