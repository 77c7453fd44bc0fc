"""What a stand-in is told to be: one JSON argument of its command line."""

import msgspec
from msgspec import Struct

from meshdev.topology.recordings import AfterEnd, OnMiss


class Role(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom to play, out of what, and where to listen.

    ``folder`` is where recordings are; ``recordings`` are names there, a later one lies over those before it.
    ``ports`` names, for each endpoint, the variable of the environment that holds the port to listen on, ``calls`` the
    endpoints that speak gRPC.
    ``body_cap`` bounds what is kept of a body that is recorded, bytes; the four last are the system's own rules of
    redaction, ``key_file`` holds the key of its placeholders (without it they are not those of the recordings).
    """

    service: str
    folder: str
    recordings: tuple[str, ...]
    ports: dict[str, str]
    calls: tuple[str, ...] = ()
    on_miss: OnMiss = OnMiss.FAIL
    timing: str = "fast"
    url: str = ""
    key_file: str = ""
    after_end: AfterEnd = AfterEnd.LAST
    body_cap: int = 10 << 20
    headers: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


def written(role: Role) -> str:
    """The argument."""
    return msgspec.json.encode(role).decode()


def read(text: str) -> Role:
    """The role again. Raises msgspec.ValidationError."""
    return msgspec.json.decode(text, type=Role)


def layer_of_misses(recordings: tuple[str, ...]) -> str:
    """The recording to which a stand-in adds what it had to ask: ``checkout-new``."""
    return f"{recordings[-1].removesuffix('-new')}-new"
