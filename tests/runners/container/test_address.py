"""Where the engine is."""

import hashlib
import json
from pathlib import Path

import pytest

from meshdev.runners.container.address import DEFAULT, engine_address, host_port, socket_path


def test_docker_host_wins() -> None:
    """As everywhere."""
    assert engine_address({"DOCKER_HOST": "tcp://10.0.0.1:2375"}) == "tcp://10.0.0.1:2375"


def test_the_docker_commands_context(tmp_path: Path) -> None:
    """What `docker context use` has chosen; a damaged one counts as none."""
    identity = hashlib.sha256(b"colima").hexdigest()
    meta = tmp_path / "contexts" / "meta" / identity / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Endpoints": {"docker": {"Host": "unix:///run/colima.sock"}}}))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "colima"}))
    environ = {"DOCKER_CONFIG": str(tmp_path)}
    assert engine_address(environ) == "unix:///run/colima.sock"
    assert engine_address(environ | {"DOCKER_CONTEXT": "default"}) != "unix:///run/colima.sock"
    meta.write_text("{")
    assert engine_address(environ) != "unix:///run/colima.sock"


def test_a_users_own_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rootless engines listen in the runtime folder; without any the usual place is named."""
    monkeypatch.setattr(
        "os.path.exists", lambda path: str(path).startswith(str(tmp_path)) and Path(path).is_file()
    )
    assert engine_address({"XDG_RUNTIME_DIR": str(tmp_path)}) == DEFAULT
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman" / "podman.sock").touch()
    assert engine_address({"XDG_RUNTIME_DIR": str(tmp_path)}) == f"unix://{tmp_path}/podman/podman.sock"


def test_the_parts_of_an_address() -> None:
    """A socket's path, or host and port, or neither."""
    assert socket_path("unix:///run/x.sock") == "/run/x.sock"
    assert socket_path("tcp://h:1") is None
    assert host_port("tcp://[::1]:2375") == ("::1", 2375)
    assert host_port("ssh://me@h") is None
