"""Who may come in: the rules of the browser's door, without any IO.

The dashboard stops services and shows what they log, so a page that the user happens to have open must not reach it.
Three things have to be right:

- ``Host`` is a name of ours: a foreign name that was made to resolve to this machine (DNS rebinding) is refused.
- The first part of the path is the token: 256 random bits, compared in constant time. There is no cookie on purpose:
  a browser sends those to every port of a host, so each service on this machine would be told the token.
- ``Origin``, where there is one, is ours; the websocket must have it (cross-site websocket hijacking).
"""

import hmac
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def fresh_token() -> str:
    """256 random bits, fit for a path."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Access:
    """The rules for one server; ``hosts`` are the values of ``Host`` that are ours, in lower case and with the port."""

    token: str
    hosts: frozenset[str]

    def refusal(self, path: str, host: str, origin: str | None, *, websocket: bool = False) -> str:
        """Why a request is not let in; empty when it is."""
        if host.lower() not in self.hosts:
            return "this address is not one of this dashboard's"
        if origin is None and websocket:
            return "the page that asks is not known"
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            return "another page asks"
        given = path.removeprefix("/").partition("/")[0]
        if not hmac.compare_digest(given.encode(errors="replace"), self.token.encode()):
            return "the address lacks the right token"
        return ""


def is_loopback(address: str) -> bool:
    """Whether an IP address is reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def hosts_of(names: Iterable[str], port: int) -> frozenset[str]:
    """What ``Host`` says for these names and bare addresses at a port; port 80 goes without saying.

    >>> sorted(hosts_of(["box", "fe80::1"], 8080))
    ['[fe80::1]:8080', 'box:8080']
    """
    bracketed = {bracket(name).lower() for name in names}
    with_port = {f"{name}:{port}" for name in bracketed}
    return frozenset(with_port | bracketed if port == 80 else with_port)  # noqa: PLR2004 -- HTTP's own


def bracket(name: str) -> str:
    """A name as it stands in a URL: an IPv6 address gets its brackets."""
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
