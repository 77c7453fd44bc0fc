"""What a daemon is told at birth; it travels as one line of JSON from the command line through the guardian."""

from msgspec import Struct


class LaunchOptions(Struct, frozen=True, kw_only=True):
    """Which project, which file, what to start.

    ``root`` is the project's real path, ``file`` the topology file, ``overrides`` are Compose files that lie over it;
    ``profiles`` None means the file's default; no ``services`` means all eager ones. With a ``lease`` the system
    belongs to a foreground command that takes the lease within so many seconds; if it does not (it was killed
    meanwhile), the system ends. ``alone`` names the one service that is real, with ``recordings`` in place of those
    that it calls.
    """

    root: str
    file: str
    overrides: list[str] = []
    profiles: list[str] | None = None
    services: list[str] = []
    run_id: str = ""
    lease: float = 0.0
    alone: str = ""
    recordings: list[str] = []


class StartupReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The one line that the daemon answers with once it serves, or could not."""

    ready: bool = False
    socket: str = ""
    run_id: str = ""
    warnings: int = 0
    error: str = ""
    hint: str = ""
    exit_code: int = 1
