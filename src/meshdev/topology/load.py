"""From a file to a System, or to everything that is wrong with it, sorted by file and line.

read (with includes) → profiles → variables → shapes → nodes → references. What has the wrong shape is left out of the
later steps, but the name of its node stays known, so one mistake is reported once.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from meshdev.errors import Problem, TopologyError
from meshdev.topology.assembly import Assembly, choose_profiles, read_all
from meshdev.topology.build import build_node
from meshdev.topology.file_experiments import experiments_of
from meshdev.topology.file_faults import faults_of
from meshdev.topology.file_model import FileTable, NodeTable
from meshdev.topology.file_parted import details_of
from meshdev.topology.file_recordings import recording_of
from meshdev.topology.findings import problems_of
from meshdev.topology.graph import cycle_problems
from meshdev.topology.interpolate import Variables, interpolate
from meshdev.topology.lines import Path as KeyPath
from meshdev.topology.model import COMPOSE_SUFFIXES, Condition, EmbeddedFile, Service, System
from meshdev.topology.paths import absolute
from meshdev.topology.references import References
from meshdev.topology.scope import Mention, Scope
from meshdev.topology.template import SECTIONS

FILE_NAME = "meshdev.toml"

Node = tuple[str, str]
_NODE_DEPTH = len(("services", "orders"))


def load(
    file: Path,
    *,
    profiles: Sequence[str] | None = None,
    environ: Mapping[str, str],
    overrides: Sequence[Path] = (),
) -> System:
    """The system that ``file`` describes under ``profiles`` (None: its default profile).

    ``file`` is a meshdev.toml, or a Compose file with others (``overrides``) to be merged over it. ``environ`` gives
    the variables for ``${…}`` and the PATH. Raises TopologyError with all ``problems``.
    """
    file = file.resolve()
    if file.is_dir():
        file /= FILE_NAME
    if file.suffix.lower() in COMPOSE_SUFFIXES:
        return _load_compose((file, *(it.resolve() for it in overrides)), profiles, environ)
    return system_of(read_all(file), profiles=profiles, environ=environ)


def system_of(
    assembly: Assembly, *, profiles: Sequence[str] | None = None, environ: Mapping[str, str]
) -> System:
    """The system that ``assembly`` describes; raises TopologyError with all ``problems``."""
    if assembly.documents:
        system, problems = _load(assembly, profiles, environ)
        if not problems:
            return system
    else:
        problems = set(assembly.problems)
    ordered = tuple(sorted(problems))
    count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    raise TopologyError(f"{count} in {ordered[0].where.file}", where=ordered[0].where, problems=ordered)


def _load_compose(
    files: Sequence[Path], profiles: Sequence[str] | None, environ: Mapping[str, str]
) -> System:
    from meshdev.topology.compose import reading  # noqa: PLC0415 -- YAML only where it is needed

    read = reading.read_compose(files, environ=environ)
    chosen = profiles if profiles is not None or not read.profiles else read.profiles
    system = system_of(reading.as_assembly(read), profiles=chosen, environ=environ)
    active = system.services.keys()
    inferred = tuple(edge for edge in read.inferred if edge.caller in active and edge.callee in active)
    notes = tuple(reading.notes_of(read))
    return replace(system, notes=notes, inferred=inferred, overrides=tuple(files[1:]))


def find_file(start: Path) -> Path:
    """The nearest meshdev.toml from ``start`` upwards; raises TopologyError."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    message = f"there is no {FILE_NAME} in {start} or above"
    raise TopologyError(message, hint="`meshdev init` writes a first one, `-f FILE` names another")


def _load(
    assembly: Assembly, profiles: Sequence[str] | None, environ: Mapping[str, str]
) -> tuple[System, set[Problem]]:
    choose_profiles(assembly, profiles)
    inactive = _inactive(assembly)
    variables = Variables(assembly.root, environ, assembly.variables)
    interpolate(assembly, variables, frozenset(inactive))
    table, faulty = _validated(assembly)
    problems = {*assembly.problems, *variables.problems}
    problems.update(_included_heads(assembly))
    active = {node: entry for node, entry in _tables(table).items() if node not in inactive}
    search_path = _search_path(assembly.root, table, environ)
    completing = _completing(active)
    services: dict[str, Service] = {}
    mentions: dict[str, list[Mention]] = {}
    embedded: dict[str, EmbeddedFile] = {}
    for (section, key), entry in active.items():
        home = variables.of(assembly.homes[section, key])
        if entry.names is None and table.system.names is not None:
            entry = entry.model_copy(update={"names": table.system.names})  # noqa: PLW2901 -- the file's default
        scope = Scope(assembly, section, key, entry, home, environ, search_path)
        node = build_node(scope, completes=scope.name in completing)
        problems.update(scope.problems)
        if isinstance(node, EmbeddedFile):
            embedded[node.name] = node
        else:
            services[node.name] = node
            mentions[node.name] = scope.mentions
    problems.update(variables.problems)
    left_out = {graph_name(node): listed for node, listed in inactive.items()}
    broken = frozenset(map(graph_name, faulty))
    references = References(assembly, services, embedded, left_out, broken, mentions)
    connected = references.connected()
    problems.update(assembly.problems, references.problems)
    known = {*connected, *embedded, *left_out, *broken}
    faults, *findings = faults_of(assembly, table.faults, connected, known)
    problems.update(findings[0])
    experiments, misjudged = experiments_of(assembly, table.experiments, faults, known)
    problems.update(misjudged)
    system = System(
        name=table.system.name or assembly.root.name or "system",
        root=assembly.root,
        file=assembly.documents[0].file,
        services=connected,
        profiles=assembly.active,
        path=tuple(absolute(assembly.root, folder) for folder in table.system.path),
        sources=tuple(document.file for document in assembly.documents),
        embedded=embedded,
        inactive=tuple(sorted(left_out)),
        zero_trust=table.system.zero_trust,
        prometheus=table.telemetry.prometheus or "",
        toxiproxy=table.compat.toxiproxy.listen if table.compat.toxiproxy else "",
        recording=recording_of(table.recording, assembly.root),
        faults=faults,
        experiments=experiments,
        warnings=tuple(sorted({*references.warnings, *findings[1]})),
    )
    if table.shared is not None:
        from meshdev.topology import container_places as places  # noqa: PLC0415 -- only for containers

        problems.update(places.source_problems(assembly, table.shared))
        networks, volumes = places.shared_networks(table.shared), places.shared_volumes(table.shared)
        system = replace(system, networks=networks, volumes=volumes)
    return system, problems | set(cycle_problems(system))


def graph_name(node: Node) -> str:
    """A node's name on the graph: ``orders``, ``databases.orders``."""
    return node[1] if node[0] == "services" else f"{node[0]}.{node[1]}"


def _inactive(assembly: Assembly) -> dict[Node, tuple[str, ...]]:
    """The nodes that the active profiles leave out, with the profiles that would bring them in."""
    found: dict[Node, tuple[str, ...]] = {}
    for section, name, node in assembly.nodes():
        written = node.get("profiles")
        listed = [written] if isinstance(written, str) else written
        if not (isinstance(listed, list) and listed and all(isinstance(item, str) for item in listed)):
            continue
        if not set(listed) & set(assembly.active):
            found[section, name] = tuple(listed)
    return found


def _validated(assembly: Assembly) -> tuple[FileTable, set[Node]]:
    """The typed file without its faulty parts, and the nodes that were faulty; problems go to the assembly."""
    tree: dict[str, Any] = dict(assembly.tree)
    if isinstance(tree.get("profiles"), dict):  # what is active is in the sections already
        tree["profiles"] = {
            name: value for name, value in tree["profiles"].items() if name not in assembly.active
        }
    faulty: set[Node] = set()
    try:
        return FileTable.model_validate(tree), faulty
    except ValidationError as error:
        assembly.problems.extend(problems_of(error, FileTable, assembly.where, assembly.places))
        for detail in details_of(error):
            faulty |= _cut(assembly, tree, detail["loc"])
    return FileTable.model_validate(tree), faulty  # no field looks at another, so what is left is right


def _cut(assembly: Assembly, tree: dict[str, Any], path: KeyPath) -> set[Node]:
    """Take what is faulty out of ``tree``: one key of a node, a whole node, or else the whole section."""
    section = str(path[0]) if path else ""
    nodes = tree.get(section)
    if section not in SECTIONS or not isinstance(nodes, dict) or len(path) == 1:
        tree.pop(section, None)
        return set()
    name = str(path[1])
    node = nodes.get(name)
    if isinstance(node, dict) and len(path) > _NODE_DEPTH:
        key = str(path[2])
        tree[section] = {**nodes, name: {kept: value for kept, value in node.items() if kept != key}}
        assembly.cut.setdefault((section, name), set()).add(key)
        return set()
    tree[section] = {kept: value for kept, value in nodes.items() if kept != name}
    return {(section, name)}


def _included_heads(assembly: Assembly) -> list[Problem]:
    """Problems in ``[system]`` of included files, which count for nothing but should be right."""
    problems: list[Problem] = []
    for document in assembly.documents[1:]:
        try:
            FileTable.model_validate({key: document.data[key] for key in ("system",) if key in document.data})
        except ValidationError as error:
            problems.extend(problems_of(error, FileTable, document.where, document.lines))
    return problems


def _tables(table: FileTable) -> dict[Node, NodeTable]:
    found: dict[Node, NodeTable] = {}
    for section, nodes in (
        ("services", table.services),
        ("databases", table.databases),
        ("brokers", table.brokers),
    ):
        found.update({(section, name): node for name, node in nodes.items()})
    return found


def _completing(active: Mapping[Node, NodeTable]) -> set[str]:
    """The nodes whose end another node waits for."""
    return {
        target
        for entry in active.values()
        for target, dependency in (entry.depends_on or {}).items()
        if dependency.condition is Condition.COMPLETED
    }


def _search_path(root: Path, table: FileTable, environ: Mapping[str, str]) -> str:
    own = (str(absolute(root, folder)) for folder in table.system.path)
    return os.pathsep.join([*own, environ.get("PATH", os.defpath)])
