"""Where the server listens: a socket that is bound before anything else is started, and its names."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from meshdev.errors import UsageError
from meshdev.web.access import LOOPBACK_NAMES, Access, bracket, fresh_token, hosts_of, is_loopback

_BACKLOG = 64


@dataclass(frozen=True, slots=True)
class Door:
    """A listening socket, who may come in, and the address to type; ``exposed``: other machines reach it."""

    listener: socket.socket
    access: Access
    url: str
    exposed: bool


@contextmanager
def opened(host: str, port: int) -> Iterator[Door]:
    """Listen at ``host`` and ``port`` (0: a free one); raises UsageError when that cannot be."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise UsageError(
            f"--host {host}: {error.strerror}", hint="127.0.0.1 is this machine alone"
        ) from error
    family, _, _, _, address = found[0]
    try:
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise UsageError(
            f"cannot listen at {host}:{port}: {error.strerror}", hint="without --port a free one is taken"
        ) from error
    with listener:
        at, number = listener.getsockname()[:2]
        access = Access(fresh_token(), hosts_of(names_of(host, at), number))
        shown = _shown(host, at)
        yield Door(listener, access, f"http://{bracket(shown)}:{number}/{access.token}/", not is_loopback(at))


def names_of(host: str, address: str) -> set[str]:
    """By which names a browser may call a server that was told ``host`` and listens at ``address``."""
    if is_loopback(address):
        return {*LOOPBACK_NAMES, address}
    names = {host, address}
    if _is_any(address):
        ours = psutil.net_if_addrs().values()
        names |= {entry.address.partition("%")[0] for entries in ours for entry in entries if _is_ip(entry)}
        names |= {*LOOPBACK_NAMES, socket.gethostname()}
    return names


def _shown(host: str, address: str) -> str:
    return socket.gethostname() if _is_any(address) else host


def _is_any(address: str) -> bool:
    return address in {"0.0.0.0", "::"}  # noqa: S104 -- asked whether it is, not bound


def _is_ip(entry: object) -> bool:
    return getattr(entry, "family", None) in {socket.AF_INET, socket.AF_INET6}
