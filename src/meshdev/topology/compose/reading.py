"""A Compose project as the assembly that the loader takes, as if somebody had written it as meshdev.toml.

So defaults, checks and references are those of meshdev.toml; places are those of the Compose files. Whatever had no
meaning comes along as notes, the edges that nobody wrote as `Inferred`.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshdev.errors import Problem, TopologyError, Where
from meshdev.topology import dotenv
from meshdev.topology.assembly import SHARED, Assembly
from meshdev.topology.compose import keys
from meshdev.topology.compose.inference import Subject, Text, infer
from meshdev.topology.compose.keys import EXTENSION, meant
from meshdev.topology.compose.listening import exposed_ports, listen, said_ports
from meshdev.topology.compose.nodes import Node, plain
from meshdev.topology.compose.project import Project, read_project
from meshdev.topology.compose.services import node_name, service
from meshdev.topology.compose.shared import sections
from meshdev.topology.compose.sheet import Page, Sheet
from meshdev.topology.document import Document
from meshdev.topology.frameworks import head
from meshdev.topology.model import Inferred
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.paths import shown_as
from meshdev.topology.template import SECTIONS

_SUFFIXES = (".yml", ".yaml")
_INSTEAD = {"endpoints": ("protocol", "port"), "protocol": ("endpoints",), "port": ("endpoints",)}
_WAITS = ("service_started", "service_healthy")


def is_compose(file: Path) -> bool:
    """Whether ``file`` is a Compose file, by its name."""
    return file.suffix.lower() in _SUFFIXES


@dataclass(frozen=True, slots=True)
class Reading:
    """The project on a sheet, with its edges, and the variables that are its own (``COMPOSE_PROFILES``)."""

    project: Project
    sheet: Sheet
    inferred: tuple[Inferred, ...]

    @property
    def profiles(self) -> tuple[str, ...]:
        """What ``COMPOSE_PROFILES`` chooses."""
        return profiles_of(self.project)


def profiles_of(project: Project) -> tuple[str, ...]:
    """The profiles that the variable ``COMPOSE_PROFILES`` names."""
    chosen = project.variables.get("COMPOSE_PROFILES", "")
    return tuple(name for name in (part.strip() for part in chosen.split(",")) if name)


def read_compose(
    files: Sequence[Path],
    *,
    environ: Mapping[str, str],
    references: bool = False,
    folder: Path | None = None,
) -> Reading:
    """The project of ``files``; what is wrong is in its report.

    ``references`` keeps ``${…}`` in texts; relative paths on the sheet start from ``folder`` (the project's own).
    """
    project = read_project(files, environ=environ)
    sheet = Sheet(folder or project.root, project.report, project.variables, references)
    dict(meant(project.tree, keys.TOP, "", project.report))
    sheet.tree["system"] = {"name": _name(project, files[0])}
    chosen = profiles_of(project)
    if len(chosen) == 1:
        sheet.tree["system"]["default_profile"] = chosen[0]
    services = {
        name: node for name, node in _entries(project.tree, "services") if isinstance(node.value, dict)
    }
    for name, node in services.items():
        service(sheet, name, node)
    sections(sheet, project.tree)
    subjects = [_subject(project, name, node) for name, node in services.items()]
    inferred = infer(subjects)
    for subject, (name, node) in zip(subjects, services.items(), strict=True):
        _connect(sheet, name, node, subject, inferred)
    _extensions(sheet, project.tree, services)
    _known(sheet, services)
    return Reading(project, sheet, inferred)


def _entries(tree: Node, section: str) -> Iterator[tuple[str, Node]]:
    found = tree.get(section)
    for name, entry in found.entries.items() if found else ():
        if not name.startswith("x-"):
            yield name, entry


def _name(project: Project, file: Path) -> str:
    """As Compose finds it: the variable, the key, the folder."""
    written = project.tree.get("name")
    return (
        project.variables.get("COMPOSE_PROJECT_NAME")
        or (written.text if written else "")
        or file.parent.name
        or "system"
    )


def _subject(project: Project, name: str, node: Node) -> Subject:
    """What inference needs of a service, in the names of nodes."""
    links = node.get("networks")
    names = {name}
    for entry in links.entries.values() if links else ():
        aliases = entry.get("aliases")
        names.update(alias.text for alias in (aliases.elements if aliases else ()))
    for key in ("container_name", "hostname"):
        written = node.get(key)
        names.update([written.text] if written else [])
    image = node.get("image")
    return Subject(
        name=node_name(name),
        names=frozenset(names),
        where=node.where,
        image=image.text if image else "",
        networks=frozenset(links.entries) if links else frozenset({"default"}),
        texts=tuple(_texts(project, node)),
        links=tuple(_links(node)),
        waits=tuple(_waits(node)),
        ports=_ports(node),
    )


def _ports(node: Node) -> dict[int, str]:
    """The ports that the service says it listens on; if none, those of its Dockerfile's EXPOSE."""
    said = said_ports(node)
    build = node.get("build")
    if said or build is None:
        return said
    inline, context, named = (build.get(key) for key in ("dockerfile_inline", "context", "dockerfile"))
    text = inline.text if inline else ""
    if not inline and context is not None:
        file = Path(context.text) / (named.text if named else "Dockerfile")
        text = head(file) if file.is_file() else ""
    return dict.fromkeys(exposed_ports(text), "")


def _texts(project: Project, node: Node) -> Iterator[Text]:
    environment = node.get("environment")
    for key, entry in environment.entries.items() if environment else ():
        value = entry.text if entry.value is not None else project.variables.get(key, "")
        yield Text(f"environment {key}", value, entry.where, key)
    for item in files.elements if (files := node.get("env_file")) else ():
        yield from _env_file(project, item)
    for key in ("command", "entrypoint"):
        written = node.get(key)
        if written is not None:
            words = [item.text for item in written.elements]
            yield Text(key, shlex.join(words) if words else written.text, written.where)
    build = node.get("build")
    arguments = build.get("args") if build else None
    for key, entry in arguments.entries.items() if arguments else ():
        yield Text(f"build.args {key}", entry.text, entry.where, key)


def _env_file(project: Project, item: Node) -> Iterator[Text]:
    written = item.get("path")
    file = Path(written.text) if written else project.root
    if not file.is_file():
        return
    raw = (form := item.get("format")) is not None and form.text == "raw"
    shown = shown_as(file, project.root)
    try:
        entries = dotenv.read(
            file, project.variables, shown=shown, form=dotenv.Form.RAW if raw else dotenv.Form.COMPOSE
        )
    except TopologyError:  # told where the node is built
        return
    for key, entry in entries.items():
        for name in entry.missing:
            message = f"{key}: variable {name} is not set"
            project.report.note(Where(shown, entry.line), message, "empty, as in Compose")
        yield Text(f"{shown} {key}", entry.value.replace("$$", "$"), Where(shown, entry.line), key)


def _links(node: Node) -> Iterator[tuple[str, str, Where]]:
    written = node.get("links")
    for item in written.elements if written else ():
        target, _, alias = item.text.partition(":")
        yield node_name(target), alias or target, item.where


def _waits(node: Node) -> Iterator[tuple[str, Where]]:
    written = node.get("depends_on")
    for target, entry in written.entries.items() if written else ():
        condition = entry.get("condition")
        if condition is None or condition.text in _WAITS:
            yield node_name(target), entry.where


def _connect(sheet: Sheet, name: str, node: Node, subject: Subject, inferred: tuple[Inferred, ...]) -> None:
    """Endpoints, ports and calls of a service, from the edges that lead to it and away from it."""
    key = node_name(name)
    page = Page(sheet, key, f"services.{name}", sheet.tree["services"][key])
    listen(page, node, subject.ports, tuple(edge for edge in inferred if edge.callee == key))
    callees = list(dict.fromkeys(edge.callee for edge in inferred if edge.caller == key))
    if callees:
        places = {edge.callee: edge.where or node.where for edge in reversed(inferred) if edge.caller == key}
        nodes = tuple(Node(None, places[callee]) for callee in callees)
        page.put("calls", callees, Node(nodes, node.where))
    for edge in inferred:
        if edge.caller == key:
            guessed = f" ({edge.protocol}, guessed)" if edge.protocol else ""
            port = f":{edge.port}" if edge.port else ""
            sheet.comment(("services", key, "calls"), f"{edge.callee}{port}{guessed}: {edge}")


def _extensions(sheet: Sheet, tree: Node, services: Mapping[str, Node]) -> None:
    """``x-meshdev``: keys of meshdev.toml within a Compose file, over what was made of it."""
    for name, node in services.items():
        more = node.entries.get(EXTENSION)
        for key, entry in more.entries.items() if more else ():
            for other in _INSTEAD.get(key, ()):
                sheet.tree["services"][node_name(name)].pop(other, None)
            sheet.tree["services"][node_name(name)][key] = _without_nulls(plain(entry))
            sheet.place(("services", node_name(name), key), entry)
    whole = tree.entries.get(EXTENSION)
    for section, entry in whole.entries.items() if whole else ():
        value: Any = _without_nulls(plain(entry))
        present = sheet.tree.get(section)
        sheet.tree[section] = (
            {**present, **value} if isinstance(present, dict) and isinstance(value, dict) else value
        )
        sheet.place((section,), entry)


def _without_nulls(value: Any) -> Any:
    """``value`` as TOML can say it, which knows no null."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return {} if value is None else value


def _known(sheet: Sheet, services: Mapping[str, Node]) -> None:
    """Links lead to services of the project."""
    for name, node in services.items():
        for target, _, where in _links(node):
            if target not in sheet.tree["services"]:
                message = f'services.{name}.links: there is no service "{target}"'
                sheet.report.complain(where, message, did_you_mean(target, services))


def as_assembly(reading: Reading) -> Assembly:
    """The project as the loader's own; its problems come along."""
    sheet, project = reading.sheet, reading.project
    shown = shown_as(project.sources[0], project.root) if project.sources else "compose.yml"
    document = Document(project.sources[0], shown, sheet.tree, {}) if project.sources else None
    others = [Document(file, shown_as(file, project.root), {}, {}) for file in project.sources[1:]]
    tables = {it: table for it in (*SECTIONS, *SHARED) if isinstance(table := sheet.tree.get(it), dict)}
    homes = {(section, name): project.root for section, table in tables.items() for name in table}
    return Assembly(
        root=project.root,
        tree=sheet.tree,
        places=dict(sheet.places),
        homes=homes,
        documents=[document, *others] if document else [],
        problems=list(project.report.problems),
        variables=project.variables,
    )


def notes_of(reading: Reading) -> list[Problem]:
    """What had no meaning, in the order of the files."""
    return sorted(reading.project.report.notes)
