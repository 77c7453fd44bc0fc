"""A project with the echo service under a real daemon, in a folder of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from meshdev.client.control import Control
from meshdev.client.project import find_project

_ECHO = Path(__file__).with_name("echo.py")
_TOML = """
[services.echo]
command = "{python} {echo}"
endpoints = {{ http = {{}}, plain = {{ protocol = "tcp" }}, raw = {{ protocol = "tcp" }} }}
ports = ["{http}:http", "{plain}:plain", "{raw}:raw"]
"""
HTTP_EDGE = "outside -> echo:http"
PLAIN_EDGE = "outside -> echo:plain"
RAW_EDGE = "outside -> echo:raw"


@dataclass(frozen=True, slots=True)
class System:
    """Where the echo service can be called, through its edges."""

    control: Control
    http: int
    plain: int
    raw: int


@contextmanager
def running(root: Path) -> Iterator[System]:
    """A system in ``root``; everything of it is gone at the end."""
    runtime = root / "run"
    runtime.mkdir(mode=0o700, parents=True)
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
    http, plain, raw = _free_port(), _free_port(), _free_port()
    text = _TOML.format(python=sys.executable, echo=_ECHO, http=http, plain=plain, raw=raw)
    (root / "meshdev.toml").write_text(text, "utf-8")
    _meshdev(root, environ, "up", "-d", "--wait")
    try:
        yield System(Control(find_project(None, cwd=root, environ=environ)), http, plain, raw)
    finally:
        _meshdev(root, environ, "down")


def _meshdev(root: Path, environ: dict[str, str], *words: str) -> None:
    command = [sys.executable, "-m", "meshdev", *words]
    subprocess.run(command, cwd=root, env=environ, check=True, capture_output=True, timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
