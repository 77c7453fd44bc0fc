"""Where the engine is: ``DOCKER_HOST``, the docker command's context, or the first socket that is there.

Light on purpose: the guardian and `doctor` import it.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping

DEFAULT = "unix:///var/run/docker.sock"


def engine_address(environ: Mapping[str, str]) -> str:
    """``unix:///path``, ``tcp://host:port``, ``ssh://…``; the usual place when there is none to be seen."""
    if environ.get("DOCKER_HOST"):
        return environ["DOCKER_HOST"]
    return _of_context(environ) or next(_sockets(environ), DEFAULT)


def socket_path(address: str) -> str | None:
    """The path of a Unix socket; None for any other address."""
    scheme, _, rest = address.partition("://")
    return (rest if rest.startswith("/") else f"/{rest}") if scheme in ("unix", "http+unix") else None


def host_port(address: str) -> tuple[str, int] | None:
    """Host and port of ``tcp://host:port``; None for any other address."""
    scheme, _, rest = address.partition("://")
    host, _, port = rest.rstrip("/").rpartition(":")
    return (host.strip("[]"), int(port)) if scheme in ("tcp", "http") and port.isdigit() else None


def _sockets(environ: Mapping[str, str]) -> Iterator[str]:
    runtime, home = environ.get("XDG_RUNTIME_DIR", ""), environ.get("HOME", "")
    places = ["/var/run/docker.sock"]
    if runtime:
        places += [f"{runtime}/docker.sock", f"{runtime}/podman/podman.sock"]
    if home:
        places += [f"{home}/.docker/run/docker.sock", f"{home}/.colima/default/docker.sock"]
    places.append("/run/podman/podman.sock")
    for place in places:
        if os.path.exists(place):  # noqa: PTH110 -- pathlib is heavy
            yield f"unix://{place}"


def _of_context(environ: Mapping[str, str]) -> str:
    """The endpoint of the docker command's current context, unless that is the default one."""
    folder = environ.get("DOCKER_CONFIG") or f"{environ.get('HOME', '')}/.docker"
    try:
        name = environ.get("DOCKER_CONTEXT") or str(
            _json(f"{folder}/config.json").get("currentContext") or ""
        )
        if name in ("", "default"):
            return ""
        identity = hashlib.sha256(name.encode()).hexdigest()
        meta = _json(f"{folder}/contexts/meta/{identity}/meta.json")
        return str(meta["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""


def _json(path: str) -> dict[str, dict[str, dict[str, str]]]:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 -- pathlib is heavy
        found: dict[str, dict[str, dict[str, str]]] = json.load(file)
    return found
