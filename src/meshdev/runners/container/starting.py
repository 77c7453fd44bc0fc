"""From a spec to a running container, and its end: the calls themselves. Blocking, for threads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meshdev.runners.container import labels
from meshdev.runners.container.spec import ContainerSpec, create_body
from meshdev.runners.container.trouble import CONFLICT, GONE_ALREADY, NOT_FOUND, EngineError

if TYPE_CHECKING:
    from docker import APIClient


@dataclass(frozen=True, slots=True)
class Archive:
    """Files to be put into a container before it starts: a tar, unpacked at ``path``."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Started:
    """A container that runs: its id, its first process (0: not on this machine), where its ports are (host, port)."""

    id: str
    pid: int
    host: str
    ports: Mapping[str, int]


def create(client: "APIClient", spec: ContainerSpec, name: str) -> str:
    """Create the container; its id. One of ours that still has the name is removed. Raises EngineError."""
    from docker.errors import APIError  # noqa: PLC0415 -- see `engine`

    body = create_body(spec)
    platform = spec.container.platform or None
    try:
        return _created(client, body, name, platform)
    except APIError as error:
        if _status(error) != CONFLICT or not _is_ours(client, name, spec):
            raise EngineError(_in_words(error, spec), status=_status(error)) from error
        remove(client, name)
    return _created(client, body, name, platform)


def start(client: "APIClient", container: str, spec: ContainerSpec, archives: Sequence[Archive]) -> Started:
    """Start what was created. Raises EngineError; the container is left to the caller."""
    from docker.errors import APIError  # noqa: PLC0415

    for network, aliases in spec.more_networks:
        client.connect_container_to_network(container, network, aliases=list(aliases))
    for archive in archives:
        client.put_archive(container, archive.path, archive.content)
    try:
        client.start(container)
    except APIError as error:
        raise EngineError(_in_words(error, spec), status=_status(error)) from error
    found = client.inspect_container(container)
    return Started(container, int(found["State"]["Pid"]), *_place(found, spec))


def remove(client: "APIClient", container: str) -> None:
    """Remove it with its anonymous volumes, running or not; one that is gone is fine."""
    _unless_gone(lambda: client.remove_container(container, v=True, force=True))


def signal(client: "APIClient", container: str, name: str) -> None:
    """Send a signal to its first process; SIGSTOP and SIGCONT hold and release the whole container."""
    match name:
        case "SIGSTOP":
            _unless_gone(lambda: client.pause(container))
        case "SIGCONT":
            _unless_gone(lambda: client.unpause(container))
        case _:
            _unless_gone(lambda: client.kill(container, name))


def _created(client: "APIClient", body: dict[str, Any], name: str, platform: str | None) -> str:
    return str(client.create_container_from_config(body, name, platform)["Id"])  # type: ignore[no-untyped-call]


def _unless_gone(ask: Callable[[], object]) -> None:
    from docker.errors import APIError  # noqa: PLC0415

    try:
        ask()
    except APIError as error:
        if _status(error) not in GONE_ALREADY:
            raise


def _is_ours(client: "APIClient", name: str, spec: ContainerSpec) -> bool:
    found = client.inspect_container(name)["Config"].get("Labels") or {}
    return found.get(labels.PROJECT) == spec.labels.get(labels.PROJECT)


def _place(found: dict[str, Any], spec: ContainerSpec) -> tuple[str, Mapping[str, int]]:
    """Where its ports are reached from here."""
    settings = found["NetworkSettings"]
    if spec.publish:
        published = settings.get("Ports") or {}
        ports = {
            endpoint: int(published[f"{port}/tcp"][0]["HostPort"])
            for endpoint, port in spec.ports.items()
            if published.get(f"{port}/tcp")
        }
        return "127.0.0.1", ports
    network = (settings.get("Networks") or {}).get(spec.network) or {}
    return network.get("IPAddress") or "127.0.0.1", dict(spec.ports)


def _status(error: Any) -> int:
    return error.response.status_code if error.response is not None else 0


def _in_words(error: Any, spec: ContainerSpec) -> str:
    """What the engine says, without the words of every layer below it."""
    said = str(error.explanation or error).strip()
    if _status(error) == NOT_FOUND and "no such image" in said.lower():
        return f"image {spec.image} is not here any more"
    for noise in ("OCI runtime create failed: ", "failed to create shim: ", "failed to create shim task: "):
        said = said.replace(noise, "")
    said = said.replace("container_linux.go:380: starting container process caused: ", "")
    for network, _ in spec.more_networks:  # the engine looks for them at the start only
        if f"network {network} not found" in said:
            return (
                f"there is no network {network}; it is external: `docker network create {network}` makes one"
            )
    if "executable file not found" in said:
        return f"command not found in the image: {said}"
    if "port is already allocated" in said or "address already in use" in said:
        return f"a published port is taken: {said}"
    return said
