"""What is allowed but probably not meant: findings of ``meshdev check`` over a loaded system.

A rule is a generator of findings; `RULES` is all of them. Errors are those of systems that load, but of which a service
cannot start here, or not do its work: ``command-not-found``, ``no-recording``, ``out-of-reach``.
"""

import os
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from meshdev.errors import Where
from meshdev.kernel.quantity import format_duration
from meshdev.topology.engine_protocols import ENGINE_PROTOCOLS
from meshdev.topology.graph import EdgeKind, cycles, longest_chain
from meshdev.topology.library import recorded_at, recordings_in
from meshdev.topology.model import (
    Condition,
    EdgePolicy,
    EmbeddedFile,
    Kind,
    Names,
    Process,
    Remote,
    Service,
    System,
    TlsMode,
)
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.paths import shown_as
from meshdev.topology.recordings import OnMiss, Stub
from meshdev.topology.tls import tls_on

DEEPEST = 5
_UNKNOWN = "tcp"  # whatever is not read
_NO_RULES = EdgePolicy()
_HTTP_RULES = {
    "timeout": "timeout",
    "retry_attempts": "retries",
    "circuit_breaker": "circuit_breaker",
    "max_concurrency": "max_concurrency",
    "hedge_after": "hedge_after",
    "balance": "balance",
    "slow_start": "slow_start",
    "fault_headers": "fault_headers",
}


class Severity(StrEnum):
    """Whether ``check`` fails on it."""

    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding; ``code`` is its rule, for programs."""

    where: Where
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.WARNING

    def __str__(self) -> str:
        head = f"{self.where}: {self.severity}: {self.message} [{self.code}]"
        return f"{head}\n  {self.hint}" if self.hint else head


@dataclass(frozen=True, slots=True)
class Subject:
    """A system, and what the rules need to know besides it."""

    system: System
    environ: Mapping[str, str] = field(default_factory=dict)
    deepest: int = DEEPEST
    now: float = 0.0  # epoch seconds

    def where(self, node: Service | EmbeddedFile) -> Where:
        """Where ``node`` stands."""
        return node.where or Where(shown_as(self.system.file, self.system.root))

    @property
    def head(self) -> Where:
        """The file as a whole."""
        return Where(shown_as(self.system.file, self.system.root))


def lint(
    system: System, *, environ: Mapping[str, str], deepest: int = DEEPEST, now: float = 0.0
) -> tuple[Finding, ...]:
    """Every finding, sorted by file and line.

    ``environ`` gives the PATH, ``deepest`` the chain that is fine, ``now`` (epoch seconds) the age of recordings.
    """
    subject = Subject(system, environ, deepest, now)
    found = [finding for rule in RULES for finding in rule(subject)]
    found += [Finding(item.where, "left-out", item.message, item.hint) for item in system.warnings]
    found += [Finding(item.where, "no-meaning", item.message, item.hint) for item in system.notes]
    return tuple(sorted(found))


def _commands(subject: Subject) -> Iterator[Finding]:
    folders = [*(str(folder) for folder in subject.system.path), subject.environ.get("PATH", os.defpath)]
    search_path = os.pathsep.join(folders)
    for node in subject.system.services.values():
        program = _program(node)
        if program is None or _found(program, node.working_dir, search_path):
            continue
        message = f"{node.name}: there is no program {program!r}"
        hint = (
            f"looked in {node.working_dir}"
            if "/" in program
            else "install it, or add its folder to system.path"
        )
        yield Finding(subject.where(node), "command-not-found", message, hint, Severity.ERROR)


def _program(node: Service) -> str | None:
    """The program that the node's command begins with; None when a shell decides."""
    if not isinstance(node.run, Process):
        return None
    if not node.run.shell:
        return node.run.argv[0] or None
    line = node.run.argv[0]
    if not line.startswith("exec "):
        return None
    program = shlex.split(line)[1]
    return None if "$" in program or program.startswith("-") else program


def _found(program: str, folder: Path, search_path: str) -> bool:
    if "/" in program:
        return os.access(folder / Path(program).expanduser(), os.X_OK)
    return shutil.which(program, path=search_path) is not None


def _shared_databases(subject: Subject) -> Iterator[Finding]:
    system = subject.system
    databases: list[Service | EmbeddedFile] = [
        *(node for node in system.services.values() if node.kind is Kind.DATABASE or node.owner),
        *system.embedded.values(),
    ]
    for database in databases:
        users = [
            node
            for node in system.services.values()
            if database.name in (*node.calls, *node.uses, *node.files)
        ]
        if database.owner:
            for user in users:
                if user.name not in (database.owner, database.name):
                    message = f"{user.name} uses {database.name}, which belongs to {database.owner}"
                    if database.exclusive and isinstance(database, Service):
                        message += ", and is kept out: it is exclusive"
                    yield Finding(
                        subject.where(user), "foreign-database", message, f"ask {database.owner} for the data"
                    )
            if database.exclusive and isinstance(database, EmbeddedFile):
                message = f"{database.name} is a file: exclusive keeps nobody out of it"
                hint = "only what is reached over an edge can be closed"
                yield Finding(subject.where(database), "exclusive-file", message, hint)
        elif len(users) > 1:
            names = ", ".join(user.name for user in users)
            message = f"{database.name} is shared by {names}"
            hint = "a database of its own for each service, or name its owner"
            yield Finding(subject.where(database), "shared-database", message, hint)


def _call_cycles(subject: Subject) -> Iterator[Finding]:
    if not any(node.calls for node in subject.system.services.values()):
        return
    for cycle in cycles(subject.system, EdgeKind.CALLS):
        message = f"services call each other in a circle: {' -> '.join((*cycle, cycle[0]))}"
        where = subject.where(subject.system.services[cycle[0]])
        yield Finding(where, "call-cycle", message, "turn one of the calls into an event")


def _deep_chains(subject: Subject) -> Iterator[Finding]:
    if sum(bool(node.calls) for node in subject.system.services.values()) < subject.deepest:
        return
    chain = longest_chain(subject.system)
    if len(chain) > subject.deepest:
        message = f"a chain of {len(chain)} services call each other: {' -> '.join(chain)}"
        where = subject.where(subject.system.services[chain[0]])
        yield Finding(where, "deep-chain", message, "every link adds its latency and its failures")


def _health(subject: Subject) -> Iterator[Finding]:
    services = subject.system.services
    for node in services.values():
        written = node.healthcheck is not None and not node.healthcheck.implied
        if node.kind is Kind.SERVICE and isinstance(node.run, Process) and node.endpoints and not written:
            message = f"{node.name} has no healthcheck: it counts as healthy once its port is open"
            hint = 'healthcheck = "/healthz", or protocol = "none" if it listens on nothing'
            yield Finding(subject.where(node), "no-healthcheck", message, hint)
        for entry in node.depends_on:
            target = services[entry.target]
            if entry.condition is Condition.HEALTHY and target.healthcheck is None:
                message = (
                    f"{node.name} waits for {target.name} to be healthy, but nothing asks for its health"
                )
                hint = f"give {target.name} a healthcheck (exec, log or file where nothing listens)"
                yield Finding(entry.where or subject.where(node), "nothing-probed", message, hint)


def _retries(subject: Subject) -> Iterator[Finding]:
    for node in subject.system.services.values():
        for name, policy in node.edges.items():
            if policy.retry_attempts and policy.timeout is None:
                message = f"{node.name} -> {name} is retried without a timeout"
                yield Finding(subject.where(node), "retries-without-timeout", message, 'add timeout = "2s"')


def _rules_without_http(subject: Subject) -> Iterator[Finding]:
    for node in subject.system.services.values():
        for name, policy in node.edges.items():
            callee = subject.system.services.get(name)
            rules = [
                word
                for field, word in _HTTP_RULES.items()
                if getattr(policy, field) != getattr(_NO_RULES, field)
            ]
            if callee is None or not rules or any(it.protocol == "http" for it in callee.endpoints):
                continue
            spoken = ", ".join(dict.fromkeys(it.protocol for it in callee.endpoints)) or "nothing"
            message = f"{node.name} -> {name}: {', '.join(rules)} need HTTP, and {name} speaks {spoken}"
            hint = "on such an edge only allow has force"
            yield Finding(subject.where(node), "rules-without-http", message, hint)


def _engines(subject: Subject) -> Iterator[Finding]:
    for node in subject.system.services.values():
        if (
            node.engine
            and node.engine not in ENGINE_PROTOCOLS
            and any(it.protocol == _UNKNOWN for it in node.endpoints)
        ):
            message = f'{node.name}: the engine "{node.engine}" is not known, so neither is what it speaks'
            hint = did_you_mean(node.engine, sorted(ENGINE_PROTOCOLS), what="engines")
            yield Finding(subject.where(node), "unknown-engine", message, hint or "protocol = … says it")


def _tls_for_nobody(subject: Subject) -> Iterator[Finding]:
    for node in subject.system.services.values():
        for name, policy in node.edges.items():
            callee = subject.system.services.get(name)
            if callee is None or policy.tls in (None, TlsMode.TERMINATE):
                continue
            if all(tls_on(node, callee, endpoint) is None for endpoint in callee.endpoints):
                message = (
                    f'{node.name} -> {name}: tls = "{policy.tls}" does nothing, since {name} speaks no TLS'
                )
                yield Finding(
                    subject.where(node), "tls-for-nobody", message, f'services.{name}: tls = "terminate"'
                )


def _recordings(subject: Subject) -> Iterator[Finding]:
    rules = subject.system.recording
    for node in subject.system.services.values():
        if not isinstance(node.run, Stub):
            continue
        most = rules.max_age if node.run.max_age is None else node.run.max_age
        for name in node.run.recordings:
            known = recordings_in(rules.folder)
            if name not in known:
                if node.run.on_miss is not OnMiss.RECORD:
                    message = f'{node.name} is to be played by the recording "{name}", which is not there'
                    hint = did_you_mean(name, known, what="recordings") or f"looked in {rules.folder}"
                    yield Finding(subject.where(node), "no-recording", message, hint, Severity.ERROR)
                continue
            made = recorded_at(rules.folder, name)
            age = subject.now - made if made is not None else 0.0
            if most is not None and age > most:
                message = f'{node.name} is played by the recording "{name}", which is {_days(age)} old'
                hint = (
                    f"max_age is {_days(most)}; `meshdev record verify {name}` tells whether it still holds"
                )
                yield Finding(subject.where(node), "stale-recording", message, hint)


def _names(subject: Subject) -> Iterator[Finding]:
    services = subject.system.services
    for node in services.values():
        if not isinstance(node.run, Process):
            continue
        for callee in filter(None, map(services.get, (*node.calls, *node.uses))):
            if (
                node.names is Names.HOSTS
                and callee.kind is Kind.SERVICE
                and isinstance(callee.run, Process)
                and callee.names is not Names.POD
            ):
                yield from _shared_ports(subject, node, callee)
            elif (
                node.names is Names.POD
                and isinstance(callee.run, Remote)
                and not callee.run.url.startswith("http")
            ):
                message = f"{node.name} is in a pod, from where {callee.run.url} cannot be reached"
                hint = 'run it with names = "hosts", or let meshdev run what it uses'
                yield Finding(subject.where(node), "out-of-reach", message, hint, Severity.ERROR)


def _shared_ports(subject: Subject, caller: Service, callee: Service) -> Iterator[Finding]:
    """A listener of the mesh and a program on one port: they are neighbours only if the program keeps to 127.0.0.1."""
    for port in (endpoint.port for endpoint in callee.endpoints if endpoint.port is not None):
        message = (
            f"{caller.name} finds {callee.name} by name on port {port}, which {callee.name} listens on itself: "
            "it cannot do that on all addresses (0.0.0.0), only on 127.0.0.1"
        )
        hint = f'names = "pod" for {callee.name} gives it a network of its own'
        yield Finding(subject.where(callee), "shared-port", message, hint)


def _days(seconds: float) -> str:
    days = int(seconds // 86_400)
    return f"{days} day{'' if days == 1 else 's'}" if days else format_duration(float(int(seconds)))


def _empty(subject: Subject) -> Iterator[Finding]:
    if not subject.system.services:
        left_out = f" (left out: {', '.join(subject.system.inactive)})" if subject.system.inactive else ""
        yield Finding(
            subject.head, "nothing-to-run", f"there is nothing to run{left_out}", "add [services.NAME]"
        )


RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    _commands,
    _shared_databases,
    _call_cycles,
    _deep_chains,
    _health,
    _retries,
    _rules_without_http,
    _engines,
    _tls_for_nobody,
    _recordings,
    _names,
    _empty,
)
