"""Where a project's things are: one rule for the daemon, its clients and the sweeper.

The state lives beside the topology file; the socket lives in a short runtime directory, since a Unix socket's path
may not be longer than about 100 bytes. Pure: the caller brings the real path, the user id and the environment.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""What Compose looks for in a folder; the first that is there counts."""
COMPOSE_OVERRIDES = (
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
)
"""What is laid over it when no file is named."""


@dataclass(frozen=True, slots=True)
class ProjectPaths:
    """The paths of one project; ``root`` is the real path of the folder that holds the topology file."""

    root: Path
    runtime_dir: Path

    @property
    def key(self) -> str:
        """Twelve hex digits that name the project in sockets and in ``MESHDEV_PROJECT``."""
        return project_key(self.root)

    @property
    def state_dir(self) -> Path:
        """``.meshdev`` beside the topology file."""
        return self.root / ".meshdev"

    @property
    def runs_dir(self) -> Path:
        """One folder per run of the daemon."""
        return self.state_dir / "runs"

    @property
    def data_dir(self) -> Path:
        """Embedded brokers and databases keep their data here."""
        return self.state_dir / "data"

    @property
    def lock_file(self) -> Path:
        """Held with flock by the daemon; JSON of who it is."""
        return self.state_dir / "daemon.lock"

    @property
    def ports_file(self) -> Path:
        """The ports that edges had last, so that they have them again."""
        return self.state_dir / "ports.json"

    @property
    def recordings_dir(self) -> Path:
        """Where recordings are, if the topology names no other place."""
        return self.state_dir / "recordings"

    @property
    def redaction_key(self) -> Path:
        """The key by which placeholders for secrets are made."""
        return self.state_dir / "redaction.key"

    @property
    def tls_dir(self) -> Path:
        """The project's own authority and the certificates that it signed."""
        return self.state_dir / "tls"

    @property
    def engine_file(self) -> Path:
        """Where a run has its containers: the engine's address, for as long as something may be left there."""
        return self.state_dir / "engine"

    @property
    def socket(self) -> Path:
        """The control API's Unix socket."""
        return self.runtime_dir / "control.sock"

    def run_dir(self, run_id: str) -> Path:
        """Everything that one run of the daemon leaves on disk."""
        return self.runs_dir / run_id

    def log_dir(self, run_id: str) -> Path:
        """The logs of one run."""
        return self.run_dir(run_id) / "logs"


def project_key(root: Path) -> str:
    """Twelve hex digits of the SHA-256 of ``root``'s path."""
    return hashlib.sha256(str(root).encode()).hexdigest()[:12]


def project_paths(root: Path, *, uid: int, environ: Mapping[str, str]) -> ProjectPaths:
    """The paths of the project in ``root`` (a real path) for the user ``uid``."""
    runtime = environ.get("XDG_RUNTIME_DIR")
    base = Path(runtime) / "meshdev" if runtime else Path(f"/tmp/meshdev-{uid}")  # noqa: S108 -- 0700, owner checked
    directory = base / project_key(root)
    if len(str(directory)) > 80:  # noqa: PLR2004 -- sun_path holds 108 bytes on Linux, 104 on macOS
        directory = Path(f"/tmp/meshdev-{uid}") / project_key(root)  # noqa: S108 -- as above
    return ProjectPaths(root=root, runtime_dir=directory)
