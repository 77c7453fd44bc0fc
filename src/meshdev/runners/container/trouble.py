"""What goes wrong with an engine, in words that a person can act on."""

import errno
import os

from meshdev.errors import ServiceError

NOT_FOUND = 404
CONFLICT = 409
GONE_ALREADY = frozenset({NOT_FOUND, CONFLICT})
NOT_MODIFIED = 304
INSTALL = "pip install 'meshdev[docker]'"


class EngineError(ServiceError):
    """The engine is ``away`` (does not answer at all), or says no (``status``)."""

    def __init__(self, message: str, *, hint: str = "", status: int = 0, away: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.away = away


def no_package() -> EngineError:
    """The docker package is not installed."""
    return EngineError("containers need the docker package, which is not installed", hint=INSTALL)


def unreachable(address: str, number: int | None, said: str) -> EngineError:
    """Why nobody answers at ``address``: by the system's error number, as far as there is one."""
    if number in (errno.EACCES, errno.EPERM):
        return EngineError(
            f"no permission to use the engine at {address}",
            hint="sudo usermod -aG docker $USER and log in again, or use a rootless engine (DOCKER_HOST)",
            away=True,
        )
    if number == errno.ENOENT:
        return EngineError(
            f"there is no container engine at {address}",
            hint="install and start one (Debian: apt install docker.io), or set DOCKER_HOST",
            away=True,
        )
    if number == errno.ECONNREFUSED:
        return EngineError(
            f"the container engine at {address} does not run",
            hint="start it: sudo systemctl start docker, or sudo dockerd",
            away=True,
        )
    text = os.strerror(number).lower() if number else said
    return EngineError(f"the container engine at {address} does not answer: {text}", away=True)
