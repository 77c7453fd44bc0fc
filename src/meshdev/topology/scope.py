"""What building one node needs: its table, its folder, its variables, and a place for problems."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.errors import Problem, Where
from meshdev.topology.assembly import Assembly
from meshdev.topology.file_model import NodeTable
from meshdev.topology.findings import dotted
from meshdev.topology.lines import Path as KeyPath
from meshdev.topology.model import Kind
from meshdev.topology.paths import absolute
from meshdev.topology.template import Address

Mention = tuple[KeyPath, Address]
"""Keys within the node, and the address that stands there."""

KINDS = {"services": Kind.SERVICE, "databases": Kind.DATABASE, "brokers": Kind.BROKER}


@dataclass(frozen=True, slots=True)
class Scope:
    """One node while it is built; ``outside`` is the environment that meshdev itself was given.

    ``mentions`` are the addresses that its texts name, ``extra`` the variables that its command needs from ``.env``.
    """

    assembly: Assembly
    section: str
    key: str
    table: NodeTable
    variables: Mapping[str, str]
    outside: Mapping[str, str]
    search_path: str
    problems: list[Problem] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The node's name on the graph."""
        return self.key if self.section == "services" else f"{self.section}.{self.key}"

    @property
    def kind(self) -> Kind:
        """What sort of node it is."""
        return KINDS[self.section]

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.assembly.root

    @property
    def home(self) -> Path:
        """The folder that its relative paths start from."""
        return self.assembly.homes[self.section, self.key]

    @property
    def base(self) -> Path:
        """The folder that it runs in, and that its patterns start from: a container's own path is none of ours."""
        written = self.table.working_dir or "."
        return self.home if self.contained and written.startswith("/") else self.folder(written)

    @property
    def contained(self) -> bool:
        """Whether it runs as a container."""
        return self.table.image is not None or self.table.build is not None

    @property
    def path(self) -> KeyPath:
        """Where its table is."""
        return (self.section, self.key)

    @property
    def where_named(self) -> Callable[[KeyPath, str], Where]:
        """Where a name stands in one of its tables or arrays."""
        return self.assembly.where_named

    def where(self, *keys: str | int) -> Where:
        """Where one of its keys stands."""
        return self.assembly.where((*self.path, *keys))

    def complain(self, keys: KeyPath, message: str, hint: str = "", *, where: Where | None = None) -> None:
        """Something is wrong with ``keys`` of this node."""
        place = where or self.where(*keys)
        self.problems.append(Problem(place, f"{dotted((*self.path, *keys))}: {message}", hint))

    def folder(self, text: str) -> Path:
        """``text`` as a path from this node's folder."""
        return absolute(self.home, text)
