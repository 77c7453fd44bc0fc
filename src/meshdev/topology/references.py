"""What nodes say of each other, checked over the whole system; names that are files become variables here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from meshdev.errors import Problem, Where
from meshdev.topology.assembly import Assembly
from meshdev.topology.commands import in_shell, variable_prefix
from meshdev.topology.findings import dotted
from meshdev.topology.lines import Path as KeyPath
from meshdev.topology.model import EmbeddedFile, Kind, Names, Process, Remote, Run, Service
from meshdev.topology.nearest import did_you_mean, nearest
from meshdev.topology.scope import Mention
from meshdev.topology.template import Address, addresses_in, escape, parse_address, resolve

_SECTION = {Kind.SERVICE: "services", Kind.DATABASE: "databases", Kind.BROKER: "brokers"}


@dataclass(frozen=True, slots=True)
class References:
    """Everything that has a name: active nodes, embedded files, and nodes that the profiles leave out."""

    assembly: Assembly
    services: Mapping[str, Service]
    embedded: Mapping[str, EmbeddedFile]
    inactive: Mapping[str, tuple[str, ...]]
    faulty: frozenset[str]
    mentions: Mapping[str, Sequence[Mention]]
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def connected(self) -> dict[str, Service]:
        """The services with every reference checked, addresses of files filled in, inactive edges left out."""
        connected = {name: self._connect(node) for name, node in self.services.items()}
        self._owners()
        self._ports(connected)
        return connected

    def _connect(self, node: Service) -> Service:
        path = node_path(node)
        addressed = self._addressed(node, path)
        calls = self._targets(node, path, "calls", (*node.calls, *addressed[0]), Kind.SERVICE)
        uses = self._targets(node, path, "uses", (*node.uses, *addressed[1]), None)
        files = tuple(name for name in uses if name in self.embedded)
        depends = tuple(
            entry for entry in node.depends_on if self._dependency(node, path, entry.target, entry.required)
        )
        self._edges(node, path)
        self._collisions(path, (*calls, *uses))
        return replace(
            node,
            calls=calls,
            uses=tuple(name for name in uses if name not in self.embedded),
            files=files,
            depends_on=depends,
            run=self._launchable(node.run),
            environment={
                **self._file_variables(files),
                **{name: self._with_files(text) for name, text in node.environment.items()},
            },
            edges={name: edge for name, edge in node.edges.items() if name in (*calls, *uses)},
        )

    def _targets(
        self, node: Service, path: KeyPath, key: str, names: tuple[str, ...], kind: Kind | None
    ) -> tuple[str, ...]:
        found: list[str] = []
        for name in dict.fromkeys(names):
            where = self.assembly.where_named((*path, key), name)
            if name == node.name:
                self._complain(where, path, key, "names itself")
            elif name in self.inactive:
                profiles = ", ".join(self.inactive[name])
                message = f'{dotted((*path, key))}: "{name}" is left out (profiles: {profiles})'
                self.warnings.append(Problem(where, message, "this edge is left out too"))
            elif self._exists(name, kind):
                found.append(name)
            elif name not in self.faulty:
                self._complain(
                    where, path, key, f'there is no {_what(kind)} "{name}"', self._hint(node, name, kind)
                )
        return tuple(found)

    def _exists(self, name: str, kind: Kind | None) -> bool:
        node = self.services.get(name)
        if kind is Kind.SERVICE:
            return node is not None and node.kind is Kind.SERVICE
        return name in self.embedded or (node is not None and node.kind is not Kind.SERVICE)

    def _hint(self, node: Service, name: str, kind: Kind | None) -> str:
        known = {*self.services, *self.embedded, *self.faulty, *self.inactive} - {node.name}
        same = [other for other in sorted(known) if other.rpartition(".")[2] == name]
        if same:
            key = "calls" if "." not in same[0] else "uses"
            return f'did you mean {key} = ["{same[0]}"]?'
        fitting = [other for other in known if ("." in other) != (kind is Kind.SERVICE)]
        return did_you_mean(name, fitting, what="known")

    def _dependency(self, node: Service, path: KeyPath, target: str, required: bool) -> bool:  # noqa: FBT001 -- private
        where = self.assembly.where_named((*path, "depends_on"), target)
        if target == node.name:
            self._complain(where, path, "depends_on", "names itself")
            return False
        if target in self.services:
            return True
        if target in self.embedded:
            self._complain(where, path, "depends_on", f'"{target}" is a file and is always there', "drop it")
        elif target in self.inactive and required:
            profiles = ", ".join(self.inactive[target])
            hint = f"choose one of them (-p), or {{ {target} = {{ required = false }} }}"
            self._complain(where, path, "depends_on", f'"{target}" is left out (profiles: {profiles})', hint)
        elif target not in self.inactive and target not in self.faulty:
            known = {*self.services, *self.faulty} - {node.name}
            same = [name for name in sorted(known) if name.rpartition(".")[2] == target]
            hint = f'did you mean "{same[0]}"?' if same else did_you_mean(target, known)
            message = f'{dotted((*path, "depends_on"))}: there is no node "{target}"'
            (self.problems if required else self.warnings).append(Problem(where, message, hint))
        return False

    def _edges(self, node: Service, path: KeyPath) -> None:
        reached = (*node.calls, *node.uses)
        cut = self.assembly.cut.get((str(path[0]), str(path[1])), set())
        for name in node.edges:
            if name in reached or name in self.faulty or {"calls", "uses"} & cut:
                continue
            meant = nearest(name, reached)
            hint = f'did you mean "{meant}"?' if meant else f'add calls = ["{name}"], or drop it'
            where = self.assembly.where_named((*path, "edges"), name)
            self._complain(where, path, "edges", f'"{name}" is neither called nor used', hint)

    def _collisions(self, path: KeyPath, names: tuple[str, ...]) -> None:
        prefixes: dict[str, str] = {}
        for name in names:
            prefix = variable_prefix(name.rpartition(".")[2])
            other = prefixes.setdefault(prefix, name)
            if other != name:
                where = self.assembly.where_named((*path, "uses" if "." in name else "calls"), name)
                message = f'"{other}" and "{name}" would both be {prefix}_URL'
                self.problems.append(Problem(where, f"{dotted(path)}: {message}", "rename one of them"))

    def _addressed(self, node: Service, path: KeyPath) -> tuple[list[str], list[str]]:
        """The nodes whose addresses its texts name: services, and databases or brokers."""
        mentions = [*self.mentions.get(node.name, ())]
        for variable, text in node.environment.items():
            mentions += [(("environment", variable), address) for address in _addresses(text)]
        calls: list[str] = []
        uses: list[str] = []
        for keys, address in mentions:
            if self._address(node, (*path, *keys), address):
                (calls if address.section == "services" else uses).append(address.node)
        return calls, uses

    def _address(self, node: Service, keys: KeyPath, address: Address) -> bool:
        complaint = self._unusable(node, address)
        if complaint is not None and address.node not in self.faulty:
            problem = Problem(self.assembly.where(keys), f"{dotted(keys)}: {complaint[0]}", complaint[1])
            self.problems.append(problem)
        return complaint is None

    def _unusable(self, node: Service, address: Address) -> tuple[str, str] | None:
        name = address.node
        if name == node.name:
            return "names its own address", "the instance itself listens on $PORT"
        if name in self.inactive:
            profiles = ", ".join(self.inactive[name])
            return f'"{name}" is left out (profiles: {profiles})', "choose one of them (-p)"
        if name in self.embedded:
            fits = address.attribute in ("url", "path") and not address.endpoint
            return None if fits else (f'"{name}" is a file', "it has .url and .path only")
        if name in self.services:
            return _unfit(self.services[name], address)
        known = [_reference(other) for other in (*self.services, *self.embedded) if other != node.name]
        return f'there is no "{address.section}.{address.name}"', did_you_mean(_reference(name), known)

    def _launchable(self, run: Run) -> Run:
        """The command with the addresses of files filled in; in a line for a shell they are variables."""
        if not isinstance(run, Process):
            return run
        if not run.shell:
            return replace(run, argv=tuple(map(self._with_files, run.argv)))
        return replace(run, argv=(in_shell(run.argv[0], only=self._has_variable),))

    def _has_variable(self, address: Address) -> bool:
        """Whether the instance finds this address in its environment: of what runs elsewhere only the URL."""
        node = self.services.get(address.node)
        return node is None or not isinstance(node.run, Remote)

    def _with_files(self, text: str) -> str:
        """``text`` with the addresses of files filled in; everything else waits for the launch."""

        def address(reference: str) -> str:
            parsed = parse_address(reference)
            file = self.embedded.get(parsed.node) if isinstance(parsed, Address) else None
            if file is None or not isinstance(parsed, Address):
                return f"${{{reference}}}"
            return escape(file.url if parsed.attribute == "url" else str(file.path))

        return "$$".join(resolve(piece, address) for piece in text.split("$$"))  # what is escaped stays so

    def _file_variables(self, files: tuple[str, ...]) -> dict[str, str]:
        variables: dict[str, str] = {}
        for name in files:
            prefix = variable_prefix(name.rpartition(".")[2])
            variables[f"{prefix}_URL"] = escape(self.embedded[name].url)
            variables[f"{prefix}_PATH"] = escape(str(self.embedded[name].path))
        return variables

    def _owners(self) -> None:
        nodes: list[Service | EmbeddedFile] = [*self.services.values(), *self.embedded.values()]
        owned = [(node.name, node.owner) for node in nodes if node.owner]
        known = {name for name in (*self.services, *self.inactive, *self.faulty) if "." not in name}
        for name, owner in owned:
            if owner not in known:
                path = tuple(name.split(".", 1))
                where = self.assembly.where((*path, "owner"))
                self._complain(
                    where, path, "owner", f'there is no service "{owner}"', did_you_mean(owner, known)
                )
        for node in nodes:
            if node.exclusive and not node.owner:
                path = tuple(node.name.split(".", 1))
                where = self.assembly.where((*path, "exclusive"))
                self._complain(where, path, "exclusive", "says nothing without an owner", 'owner = "SERVICE"')

    def _ports(self, services: Mapping[str, Service]) -> None:
        taken: dict[int, tuple[str, Where]] = {}
        for node in services.values():
            for port, keys in self._fixed_ports(node):
                where = self.assembly.where((*node_path(node), *keys))
                label = dotted((*node_path(node), *keys))
                if port in taken:
                    other, there = taken[port]
                    message = f"{label}: port {port} is already taken by {other} ({there})"
                    hint = "give one of them another port, or let it use $PORT"
                    if keys[0] != "ports" and isinstance(node.run, Process):
                        hint += ', or give it a network of its own (names = "pod")'
                    self.problems.append(Problem(where, message, hint))
                else:
                    taken[port] = (label, where)

    def _fixed_ports(self, node: Service) -> Iterator[tuple[int, KeyPath]]:
        if isinstance(node.run, Process) and node.names is not Names.POD:  # there, ports are each one's own
            for endpoint in node.endpoints:
                if endpoint.port is not None:
                    long = (*node_path(node), "endpoints") in self.assembly.places
                    yield endpoint.port, ("endpoints", endpoint.name, "port") if long else ("port",)
        for index, published in enumerate(node.ports):
            yield published.port, ("ports", index)

    def _complain(self, where: Where, path: KeyPath, key: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(where, f"{dotted((*path, key))}: {message}", hint))


def node_path(node: Service | EmbeddedFile) -> KeyPath:
    """Where the node's table is in the file."""
    section, _, name = node.name.rpartition(".")
    return (section or "services", name)


def _unfit(target: Service, address: Address) -> tuple[str, str] | None:
    """Why ``target`` has no such address: message and hint, or None."""
    name = target.name
    if address.attribute == "path":
        return f'"{name}" is no file', "it has .url, .host and .port"
    endpoints = [endpoint.name for endpoint in target.endpoints]
    if address.endpoint and address.endpoint not in endpoints:
        hint = did_you_mean(address.endpoint, endpoints, what="endpoints")
        return f'"{name}" has no endpoint "{address.endpoint}"', hint
    return None if endpoints else (f'"{name}" listens on nothing', "it has no endpoint")


def _addresses(text: str) -> Iterator[Address]:
    for reference in addresses_in(text):
        parsed = parse_address(reference)
        if isinstance(parsed, Address):
            yield parsed


def _reference(name: str) -> str:
    return name if "." in name else f"services.{name}"


def _what(kind: Kind | None) -> str:
    return "service" if kind is Kind.SERVICE else "database or broker"
