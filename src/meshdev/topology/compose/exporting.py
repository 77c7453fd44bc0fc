"""A system as a Compose file: its containers, with the names of each other where meshdev has addresses.

In Compose nothing stands between two services, so a callee's address is its name and the port that it listens on. A
service that would be told its port (``$PORT``) gets a fixed one. What is no container is noted. What Compose has no
word for is noted too, or stands under ``x-meshdev``, which readers of Compose files skip and meshdev reads.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from meshdev.topology.commands import variable_prefix
from meshdev.topology.compose.export_container import (
    container_keys,
    memory_text,
    sections_of,
    times,
    watch_keys,
)
from meshdev.topology.compose.protocols import of_image, scheme_of
from meshdev.topology.container import Container
from meshdev.topology.model import (
    Condition,
    Endpoint,
    Healthcheck,
    ProbeKind,
    Remote,
    Restart,
    RestartPolicy,
    Service,
    System,
)
from meshdev.topology.template import Address, parse_address, resolve

_FIRST_PORT = 8080
_CONDITIONS = {
    Condition.STARTED: "service_started",
    Condition.HEALTHY: "service_healthy",
    Condition.COMPLETED: "service_completed_successfully",
    Condition.LOG: "service_started",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """The text of the file, and what is not in it."""

    text: str
    notes: tuple[str, ...] = ()


def export(system: System) -> Exported:
    """The Compose file of ``system``."""
    writer = _Writer(system)
    tree = writer.tree()
    text = yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return Exported(text, tuple(writer.notes))


class _Dumper(yaml.SafeDumper):
    """Lists are indented below their key; texts of several lines are blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 -- PyYAML's
        """As PyYAML, but never without an indent."""
        super().increase_indent(flow, False)  # noqa: FBT003 -- PyYAML's

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 -- PyYAML's
        """Every value is written where it stands."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


@dataclass(slots=True)
class _Writer:
    system: System
    notes: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def tree(self) -> dict[str, Any]:
        """The whole file."""
        contained = [node for node in self.system.services.values() if isinstance(node.run, Container)]
        self.names = _names(contained)
        for node in self.system.services.values():
            if not isinstance(node.run, Container):
                self.notes.append(
                    f"{node.name} is no container, so it is left out: give it an image or a build"
                )
        if self.system.inactive:
            self.notes.append(f"left out by the profiles: {', '.join(self.system.inactive)}")
        for name in self.system.embedded:
            self.notes.append(f"{name} is a file here, so it is left out")
        tree: dict[str, Any] = {"name": _project_name(self.system.name), "services": {}}
        for node in contained:
            tree["services"][self.names[node.name]] = self.service(node)
        tree.update(sections_of(self.system, self.relative, self.notes))
        return tree

    def relative(self, path: Path | str) -> str:
        """A path of this machine from the project's folder, as Compose knows it for a path."""
        found = os.path.relpath(path, self.system.root)
        if found.startswith("../../../"):
            return str(path)
        return found if found.startswith(".") else f"./{found}"

    def service(self, node: Service) -> dict[str, Any]:
        """One service."""
        run = node.run
        assert isinstance(run, Container)  # noqa: S101 -- only those are asked for
        addresses = self.addresses(node)
        own = {_port_variable(node, it): str(self.port(node, it)) for it in node.endpoints}

        def final(text: str) -> str:
            return resolve(text, addresses, own=own).replace("$", "$$")

        keys = container_keys(run, final, self.relative)
        environment = {**self.edge_variables(node), **_own_ports(node, own)}
        environment |= {name: final(text) for name, text in node.environment.items()}
        if environment:
            keys["environment"] = environment
        ports = [f"127.0.0.1:{it.port}:{self.port(node, _endpoint(node, it.endpoint))}" for it in node.ports]
        if ports:
            keys["ports"] = ports
        keys.update(self.lifecycle(node))
        calls = [name for name in node.calls if name in self.names]
        untold = any(not self.told(node, name) for name in calls)
        more = _only_here(node, [self.names[name] for name in calls] if untold else [])
        if more:
            keys["x-meshdev"] = more
        if node.edges:
            self.notes.append(f"{node.name}: Compose has no rules for edges (timeouts, retries …)")
        return keys

    def told(self, node: Service, name: str) -> bool:
        """Whether a reader of the file finds by itself that ``node`` calls ``name``."""
        evidence = {it.evidence for it in self.system.inferred if (it.caller, it.callee) == (node.name, name)}
        callee = self.system.services[name]
        if evidence - {"depends_on", "links"}:
            return True
        if not evidence:
            return bool(callee.endpoints)  # its variables are written
        run = callee.run
        return bool(callee.ports) or (isinstance(run, Container) and bool(run.expose or of_image(run.image)))

    def lifecycle(self, node: Service) -> dict[str, Any]:
        """Order, health, restarts, replicas and limits."""
        keys: dict[str, Any] = {}
        depends = dict(self.dependencies(node))
        if depends:
            keys["depends_on"] = depends
        health = self.healthcheck(node)
        if health:
            keys["healthcheck"] = health
        if not (node.one_shot and node.restart.policy is RestartPolicy.NO):
            keys["restart"] = _restart(node.restart)
        if node.stop.grace != 10:  # noqa: PLR2004 -- Compose's own
            keys["stop_grace_period"] = times(node.stop.grace)
        deploy: dict[str, Any] = {}
        if node.replicas != 1:
            deploy["replicas"] = node.replicas
        if node.limits is not None:
            limits = {
                "cpus": None if node.limits.cpus is None else f"{node.limits.cpus:g}",
                "memory": memory_text(node.limits.memory),
            }
            deploy["resources"] = {
                "limits": {key: value for key, value in limits.items() if value is not None}
            }
        if isinstance(node.run, Container) and node.run.resources.cpu_reservation is not None:
            cpus = f"{node.run.resources.cpu_reservation:g}"
            deploy.setdefault("resources", {})["reservations"] = {"cpus": cpus}
        if deploy:
            keys["deploy"] = deploy
        if node.profiles:
            keys["profiles"] = list(node.profiles)
        watches = watch_keys(node.watch, self.relative)
        if watches:
            keys["develop"] = {"watch": watches}
        if len(watches) < len(node.watch):
            self.notes.append(f"{node.name}: Compose's watch sends no signals and runs no commands here")
        return keys

    def dependencies(self, node: Service) -> Iterator[tuple[str, dict[str, Any]]]:
        """``depends_on`` of those that are containers."""
        for entry in node.depends_on:
            if entry.target not in self.names:
                self.notes.append(f"{node.name} does not wait for {entry.target}, which is left out")
                continue
            if entry.condition is Condition.LOG:
                self.notes.append(f"{node.name} waits for {entry.target} to start, not for its log")
            table: dict[str, Any] = {"condition": _CONDITIONS[entry.condition]}
            if not entry.required:
                table["required"] = False
            if entry.restart:
                table["restart"] = True
            yield self.names[entry.target], table

    def healthcheck(self, node: Service) -> dict[str, Any]:
        """The engine's own where there is one, else what meshdev asks as a command."""
        run, check = node.run, node.healthcheck
        assert isinstance(run, Container)  # noqa: S101 -- as above
        engine = run.healthcheck
        if engine is not None and engine.test != ("NONE",):
            return {
                **({"test": _escaped(engine.test)} if engine.test else {}),
                **{
                    key: times(value)
                    for key in ("interval", "timeout", "start_period", "start_interval")
                    if (value := getattr(engine, key)) is not None
                },
                **({"retries": engine.retries} if engine.retries is not None else {}),
            }
        if check is None or check.implied:
            return {"disable": True} if engine is not None else {}
        test = self.probe(node, check)
        if test is None:
            self.notes.append(f"{node.name}: Compose has no healthcheck of the kind {check.kind}")
            return {}
        return {
            "test": test,
            "interval": times(check.interval),
            "timeout": times(check.timeout),
            "retries": check.retries,
        }

    def probe(self, node: Service, check: Healthcheck) -> list[str] | None:
        """What asks the same from within the container."""
        match check.kind:
            case ProbeKind.HTTP:
                url = f"http://127.0.0.1:{self.port(node, _endpoint(node, check.endpoint))}{check.target}"
                return ["CMD-SHELL", f"wget -q -O /dev/null {url} || curl -fsS -o /dev/null {url}"]
            case ProbeKind.FILE:
                return ["CMD", "test", "-e", str(check.target)]
            case ProbeKind.EXEC:
                return ["CMD", *_escaped(tuple(check.target))]
            case _:
                return None

    def port(self, node: Service, endpoint: Endpoint) -> int:
        """Where it listens: as it insists, else one after the other from 8080 on."""
        if endpoint.port is not None:
            return endpoint.port
        free = [it.name for it in node.endpoints if it.port is None]
        return _FIRST_PORT + free.index(endpoint.name)

    def addresses(self, node: Service) -> Callable[[str], str]:
        """What ``${services.B.url}`` stands for among containers."""

        def lookup(reference: str) -> str:
            address = parse_address(reference)
            callee = self.system.services.get(address.node) if isinstance(address, Address) else None
            if callee is None or not isinstance(address, Address):
                return ""
            if isinstance(callee.run, Remote):
                return callee.run.url
            if callee.name not in self.names:
                self.notes.append(f"{node.name} names {callee.name}, which is left out")
            endpoint = _endpoint(callee, address.endpoint)
            host, port = self.names.get(callee.name, callee.name), self.port(callee, endpoint)
            whole = f"{scheme_of(endpoint.protocol)}://{host}:{port}"
            return {"host": host, "port": str(port), "path": ""}.get(address.attribute, whole)

        return lookup

    def edge_variables(self, node: Service) -> dict[str, str]:
        """``B_URL``, ``B_HOST``, ``B_PORT`` for whom it calls, unless its environment names B itself."""
        found: dict[str, str] = {}
        inferred = {edge.callee for edge in self.system.inferred if edge.caller == node.name}
        for name in (*node.calls, *node.uses):
            callee = self.system.services.get(name)
            if callee is None or name in inferred:
                continue
            if isinstance(callee.run, Remote):
                found[f"{variable_prefix(name.rpartition('.')[2])}_URL"] = callee.run.url.replace("$", "$$")
                continue
            for endpoint in callee.endpoints if name in self.names else ():
                first = endpoint is callee.endpoints[0]
                prefix = variable_prefix(name.rpartition(".")[2], "" if first else endpoint.name)
                port = self.port(callee, endpoint)
                found[f"{prefix}_URL"] = f"{scheme_of(endpoint.protocol)}://{self.names[name]}:{port}"
                found[f"{prefix}_HOST"] = self.names[name]
                found[f"{prefix}_PORT"] = str(port)
        return found


def _names(nodes: list[Service]) -> dict[str, str]:
    """Each node's name among Compose's: the last part, with its section where two would be the same."""
    last = [node.name.rpartition(".")[2] for node in nodes]
    return {
        node.name: name if last.count(name) == 1 else node.name.replace(".", "-")
        for node, name in zip(nodes, last, strict=True)
    }


def _project_name(name: str) -> str:
    """Compose takes small letters, digits, - and _."""
    found = "".join(
        char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in name.lower()
    )
    return found.strip("-_") or "system"


def _endpoint(node: Service, name: str) -> Endpoint:
    return next(
        (it for it in node.endpoints if it.name == name),
        node.endpoints[0] if node.endpoints else Endpoint("http"),
    )


def _port_variable(node: Service, endpoint: Endpoint) -> str:
    return "PORT" if endpoint is node.endpoints[0] else f"PORT_{variable_prefix(endpoint.name)}"


def _own_ports(node: Service, own: Mapping[str, str]) -> dict[str, str]:
    """``PORT`` for those that listen where they are told."""
    told = {_port_variable(node, it) for it in node.endpoints if it.port is None}
    return {name: port for name, port in own.items() if name in told}


def _escaped(test: tuple[str, ...]) -> list[str]:
    return [part.replace("$", "$$") for part in test]


def _restart(restart: Restart) -> str:
    counted = restart.window > 86400 and restart.policy is RestartPolicy.ON_FAILURE  # noqa: PLR2004 -- a day
    return f"on-failure:{restart.burst - 1}" if counted else restart.policy.value


def _only_here(node: Service, calls: list[str]) -> dict[str, Any]:
    """What Compose has no word for."""
    more: dict[str, Any] = {}
    for key in ("description", "team"):
        if getattr(node, key):
            more[key] = getattr(node, key)
    for key in ("publishes", "subscribes"):
        if getattr(node, key):
            more[key] = list(getattr(node, key))
    if calls:
        more["calls"] = calls
    published = {it.endpoint for it in node.ports}
    if any(it.name != "http" or it.protocol != "http" or it.name not in published for it in node.endpoints):
        more["endpoints"] = {
            it.name: {"protocol": it.protocol, **({"port": it.port} if it.port is not None else {})}
            for it in node.endpoints
        }
    usual = Restart(node.restart.policy, burst=node.restart.burst, window=node.restart.window)
    if node.restart != usual:
        more["restart"] = {
            "policy": node.restart.policy.value,
            "backoff": times(node.restart.backoff_first),
            "burst": node.restart.burst,
            "window": times(node.restart.window),
            "healthy_after": times(node.restart.healthy_after),
        }
    if node.one_shot:
        more["one_shot"] = True
    return more
