"""What changes between two systems mean for what runs: restart only what must be.

Keys are compared one by one. Those that an incarnation was started with (`RESTART`) need a new one; `replicas`
alone is a matter of scale; everything else (descriptions, dependencies, policies, watches) takes force at once.
"""

from dataclasses import dataclass, fields
from enum import StrEnum

from meshdev.topology.container import Container
from meshdev.topology.model import Healthcheck, Remote, Service, System, runs_as
from meshdev.topology.recordings import Stub
from meshdev.topology.tls import is_secure

RESTART = frozenset(
    {
        "run",
        "working_dir",
        "environment",
        "endpoints",
        "limits",
        "one_shot",
        "engine",
        "kind",
        "proxy_env",
        "names",
    }
)
CALLEES = frozenset({"calls", "uses", "files"})
IGNORED = frozenset({"name", "where"})
_WRITTEN_AS = {"mounts": "volumes", "files": "secrets or configs", "namespaces": "network_mode, pid, ipc …"}


class Action(StrEnum):
    """What happens to one node."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    SCALE = "scale"
    UPDATE = "update"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to ``service``, and which keys are the reason."""

    service: str
    action: Action
    reason: str = ""


def diff(old: System | None, new: System) -> tuple[Change, ...]:
    """The plan from ``old`` (None: nothing runs) to ``new``: every node once, in the new file's order."""
    before = {} if old is None else old.services
    changes = [_change(before.get(name), node, old, new) for name, node in new.services.items()]
    gone = [
        Change(
            name, Action.STOP, "left out by the profiles" if name in new.inactive else "no longer in the file"
        )
        for name in before
        if name not in new.services
    ]
    return (*changes, *gone)


def _change(old: Service | None, new: Service, old_system: System | None, new_system: System) -> Change:
    if old is None or old_system is None:
        return Change(new.name, Action.START, "" if old_system is None else "new")
    keys = changed_keys(old, new)
    if old_system.path != new_system.path:
        keys = (*keys, "system.path")
    shared = [*_shared_parts(new, old_system, new_system), *_tls_towards(old, new, old_system, new_system)]
    keys = (*keys, *shared)
    restarting = [
        key for key in keys if key in RESTART or key in CALLEES or key == "system.path" or key in shared
    ]
    if restarting:
        return Change(new.name, Action.RESTART, _reason(restarting, old, new))
    if "replicas" in keys:
        return Change(new.name, Action.SCALE, f"replicas {old.replicas} -> {new.replicas}")
    if keys:
        return Change(new.name, Action.UPDATE, _reason(list(keys), old, new))
    return Change(new.name, Action.KEEP)


def changed_keys(old: Service, new: Service) -> tuple[str, ...]:
    """The fields in which two versions of a node differ, as far as they matter."""
    return tuple(
        field.name
        for field in fields(Service)
        if field.name not in IGNORED and _plain(old, field.name) != _plain(new, field.name)
    )


def _plain(node: Service, key: str) -> object:
    """A field without the places where it stands, which move with every line that is added above."""
    if key == "depends_on":
        return tuple(
            (entry.target, entry.condition, entry.required, entry.restart, entry.log)
            for entry in node.depends_on
        )
    return getattr(node, key)


def _reason(keys: list[str], old: Service, new: Service) -> str:
    return ", ".join(_named(key, old, new) for key in keys)


def _named(key: str, old: Service, new: Service) -> str:
    match key:
        case "run":
            if isinstance(old.run, Container) and isinstance(new.run, Container):
                return ", ".join(_parts(old.run, new.run))
            if type(old.run) is not type(new.run):
                return "the way it runs"
            return runs_as(new.run) if isinstance(new.run, Stub | Remote) else "command"
        case "environment":
            names = {*old.environment, *new.environment}
            changed = sorted(name for name in names if old.environment.get(name) != new.environment.get(name))
            return f"environment ({', '.join(changed)})"
        case "healthcheck":
            return "healthcheck" + (" (now implied)" if _implied(new.healthcheck) else "")
        case _:
            return key


def _parts(old: Container, new: Container) -> list[str]:
    """The keys of a container in which two versions differ, as the file has them."""
    keys = [field.name for field in fields(Container) if getattr(old, field.name) != getattr(new, field.name)]
    return [_WRITTEN_AS.get(key, key) for key in keys]


def _shared_parts(node: Service, old: System, new: System) -> list[str]:
    """The networks and volumes of a container whose own tables have changed."""
    if not isinstance(node.run, Container):
        return []
    networks = {link.network for link in node.run.networks}
    volumes = {mount.source for mount in node.run.mounts}
    changed = [f"networks.{name}" for name in networks if old.networks.get(name) != new.networks.get(name)]
    changed += [f"volumes.{name}" for name in volumes if old.volumes.get(name) != new.volumes.get(name)]
    return sorted(changed)


def _tls_towards(old: Service, new: Service, before: System, after: System) -> list[str]:
    """The callees to which it speaks TLS now, or no longer: its addresses of them, and whom it trusts, are others."""
    known = [name for name in (*new.calls, *new.uses) if name in before.services and name in after.services]
    return [
        f"TLS to {name}"
        for name in known
        if _secure_endpoints(old, before.services[name]) != _secure_endpoints(new, after.services[name])
    ]


def _secure_endpoints(caller: Service, callee: Service) -> set[str]:
    return {endpoint.name for endpoint in callee.endpoints if is_secure(caller, callee, endpoint)}


def _implied(healthcheck: Healthcheck | None) -> bool:
    return healthcheck is not None and healthcheck.implied
