"""What a container shares with others and with this machine: mounts, files from secrets and configs, networks.

Names of networks, secrets and configs must have a table in the file; a volume needs none. What a table says is read
here too, once for the whole system.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from meshdev.errors import Problem
from meshdev.kernel.quantity import QuantityError, parse_size
from meshdev.topology.assembly import Assembly
from meshdev.topology.container import FileGrant, Mount, MountKind, Network, NetworkLink, Volume
from meshdev.topology.container_forms import is_path
from meshdev.topology.file_container import ContainerSections, ContainerTable
from meshdev.topology.file_container_parts import GrantTable, MountTable, NetworkLinkTable
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.paths import absolute, placed
from meshdev.topology.scope import Scope

DEFAULT_NETWORK = "default"


def keys_of(scope: Scope) -> ContainerTable:
    """What the node says that only containers have."""
    return scope.table.container or ContainerTable()


def mounts_of(scope: Scope) -> tuple[Mount, ...]:
    """``volumes`` and ``tmpfs``; a later one takes the place of an earlier one at the same target."""
    found: dict[str, Mount] = {}
    for index, entry in enumerate(keys_of(scope).volumes or ()):
        mount = _mount(scope, index, entry)
        if mount is not None:
            found[mount.target] = mount
    for text in keys_of(scope).tmpfs or ():
        mount = _tmpfs(scope, text)
        found[mount.target] = mount
    return tuple(found.values())


def _mount(scope: Scope, index: int, entry: MountTable) -> Mount | None:
    keys = ("volumes", index)
    source = entry.source or ""
    match entry.type:
        case "bind":
            if not source:
                scope.complain(keys, "a bind mount needs its source", 'source = "./data"')
            bind = entry.bind
            return Mount(
                MountKind.BIND,
                entry.target,
                placed(scope.home, source),
                entry.read_only,
                create_host_path=bind.create_host_path if bind else True,
                propagation=(bind.propagation or "") if bind else "",
                selinux=(bind.selinux or "") if bind else "",
            )
        case "volume":
            if is_path(source):
                scope.complain(keys, f'"{source}" is a path, not the name of a volume', 'type = "bind"')
            options = entry.volume
            return Mount(
                MountKind.VOLUME,
                entry.target,
                source,
                entry.read_only,
                nocopy=options.nocopy if options else False,
                subpath=(options.subpath or "") if options else "",
            )
        case "tmpfs":
            memory = entry.tmpfs
            return Mount(
                MountKind.TMPFS,
                entry.target,
                size=memory.size if memory else None,
                mode=memory.mode if memory else None,
            )
        case other:
            hint = did_you_mean(other, ("bind", "volume", "tmpfs"), what="accepted")
            scope.complain((*keys, "type"), f'found "{other}" (string)', hint)
            return None


def _tmpfs(scope: Scope, text: str) -> Mount:
    """``/tmp:size=64m,mode=1777`` with the options that have a meaning everywhere."""
    target, _, options = text.partition(":")
    mount = Mount(MountKind.TMPFS, target)
    for option in filter(None, options.split(",")):
        name, _, value = option.partition("=")
        try:
            if name == "size":
                mount = replace(mount, size=parse_size(value))
            elif name == "mode":
                mount = replace(mount, mode=int(value, 8))
            elif name == "ro":
                mount = replace(mount, read_only=True)
        except (QuantityError, ValueError):
            scope.complain(("tmpfs",), f'found "{text}"', 'accepted: "/tmp:size=64m,mode=1777"')
    return mount


def networks_of(scope: Scope) -> tuple[NetworkLink, ...]:
    """The networks that it is in; the system's own when it says nothing."""
    table = keys_of(scope)
    if table.network_mode:
        return ()
    known = _names(scope, "networks") | {DEFAULT_NETWORK}
    links = []
    for name, entry in (table.networks or {DEFAULT_NETWORK: NetworkLinkTable()}).items():
        if name not in known:
            where = scope.where_named((*scope.path, "networks"), name)
            message = f'there is no network "{name}"'
            scope.complain(("networks",), message, did_you_mean(name, known), where=where)
        links.append(
            NetworkLink(
                name,
                entry.aliases,
                entry.ipv4_address or "",
                entry.ipv6_address or "",
                entry.mac_address or "",
                entry.link_local_ips,
                entry.driver_opts or {},
                entry.priority,
                entry.gw_priority,
            )
        )
    return tuple(links)


def _names(scope: Scope, section: str) -> set[str]:
    table = scope.assembly.tree.get(section)
    return {name for name in table if not name.startswith("x-")} if isinstance(table, dict) else set()


def files_of(scope: Scope) -> tuple[FileGrant, ...]:
    """Secrets (in ``/run/secrets``) and configs (in ``/``) as files of the container."""
    secrets = (_grant(scope, "secrets", entry) for entry in keys_of(scope).secrets or ())
    configs = (_grant(scope, "configs", entry) for entry in keys_of(scope).configs or ())
    return tuple(grant for grant in (*secrets, *configs) if grant is not None)


def build_grants_of(scope: Scope, entries: Iterable[GrantTable]) -> tuple[FileGrant, ...]:
    """Secrets of a build; the target is the id by which its Dockerfile knows it."""
    grants = (_grant(scope, "secrets", entry) for entry in entries)
    return tuple(
        replace(grant, target=grant.target.removeprefix("/run/secrets/")) for grant in grants if grant
    )


def _grant(scope: Scope, section: str, entry: GrantTable) -> FileGrant | None:
    sources = scope.assembly.tree.get(section)
    source = sources.get(entry.source) if isinstance(sources, dict) else None
    if not isinstance(source, dict):
        known = _names(scope, section)
        where = scope.where_named((*scope.path, section), entry.source)
        message = f'there is no {section.removesuffix("s")} "{entry.source}"'
        scope.complain((section,), message, did_you_mean(entry.source, known), where=where)
        return None
    target = entry.target or entry.source
    if section == "secrets" and not target.startswith("/"):
        target = f"/run/secrets/{target}"
    elif not target.startswith("/"):
        target = f"/{target}"
    grant = FileGrant(target, entry.source, uid=entry.uid or "", gid=entry.gid or "", mode=entry.mode)
    return _filled(scope, section, grant, source)


def _filled(scope: Scope, section: str, grant: FileGrant, source: dict[str, object]) -> FileGrant:
    """``grant`` with its content, or with the file that holds it."""
    where = scope.assembly.where((section, grant.name))
    home = scope.assembly.homes.get((section, grant.name), scope.root)
    match source:
        case {"file": str(file)}:
            path = absolute(home, file)
            if not path.exists():
                scope.complain((section,), f'there is no file "{file}"', f"looked for {path}", where=where)
            return replace(grant, source=path)
        case {"environment": str(name)}:
            value = scope.variables.get(name)
            if value is None:
                hint = "set it in .env or the shell"
                scope.complain((section,), f"variable {name} is not set", hint, where=where)
            return replace(grant, content=value or "", variable=name)
        case {"content": str(content)}:
            return replace(grant, content=content)
        case {"external": True}:
            return replace(grant, external=str(source.get("name") or grant.name))
        case _:
            scope.complain(
                (section,), f'"{grant.name}" has no content', "file, environment or content", where=where
            )
            return grant


def shared_networks(table: ContainerSections) -> dict[str, Network]:
    """The networks of the system by their keys."""
    found = {}
    for key, entry in table.networks.items():
        ipam = entry.ipam
        found[key] = Network(
            key,
            entry.name or "",
            entry.external,
            entry.driver or "",
            entry.driver_opts or {},
            entry.internal,
            entry.attachable,
            entry.enable_ipv4,
            entry.enable_ipv6,
            (ipam.driver or "") if ipam else "",
            tuple(pool.model_dump(exclude_none=True) for pool in ipam.config) if ipam else (),
            (ipam.options or {}) if ipam else {},
            entry.labels or {},
        )
    return found


def shared_volumes(table: ContainerSections) -> dict[str, Volume]:
    """The named volumes of the system by their keys."""
    return {
        key: Volume(
            key,
            entry.name or "",
            entry.external,
            entry.driver or "",
            entry.driver_opts or {},
            entry.labels or {},
        )
        for key, entry in table.volumes.items()
    }


def source_problems(assembly: Assembly, table: ContainerSections) -> Iterator[Problem]:
    """Secrets and configs that say more than one thing, or nothing."""
    for section, entries in (("secrets", table.secrets), ("configs", table.configs)):
        for name, entry in entries.items():
            said = [key for key in ("file", "environment", "content") if getattr(entry, key) is not None]
            if len(said) + entry.external != 1:
                message = f"{section}.{name}: says {' and '.join(said) or 'nothing'}"
                hint = "accepted: one of file, environment, content, external"
                yield Problem(assembly.where((section, name)), message, hint)
