"""Which project a command is about, and whether a daemon runs for it."""

import os
import socket
from pathlib import Path

import pytest

from meshdev.client.project import Presence, absence, find_project
from meshdev.errors import UsageError
from support_control import Daemon, StandIn, held_lock, service, short_project, system


def test_nearest_file_upwards_is_the_project(tmp_path: Path) -> None:
    """A command given in a subfolder is about the project around it."""
    (tmp_path / "meshdev.toml").touch()
    inner = tmp_path / "services" / "orders"
    inner.mkdir(parents=True)
    assert tmp_path.resolve() == find_project(None, cwd=inner, environ={}).root


def test_named_file_wins_over_environment_and_folder(tmp_path: Path) -> None:
    """`-f` beats MESHDEV_FILE, which beats the folder."""
    for name in ("meshdev.toml", "a/x.toml", "b/y.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    environ = {"MESHDEV_FILE": "a/x.toml"}
    assert tmp_path / "a" == find_project(None, cwd=tmp_path, environ=environ).root
    assert tmp_path / "b" == find_project("b/y.toml", cwd=tmp_path, environ=environ).root


def test_named_folder_means_its_file(tmp_path: Path) -> None:
    """`-f DIR` is the meshdev.toml in it."""
    (tmp_path / "meshdev.toml").touch()
    assert tmp_path / "meshdev.toml" == find_project(str(tmp_path), cwd=Path("/"), environ={}).file


def test_a_compose_file_is_a_project(tmp_path: Path) -> None:
    """Without a meshdev.toml the nearest Compose file counts, with its override; else both are not looked at."""
    inner = tmp_path / "web"
    inner.mkdir()
    (tmp_path / "docker-compose.yml").touch()
    (tmp_path / "docker-compose.override.yml").touch()
    found = find_project(None, cwd=inner, environ={})
    assert tmp_path / "docker-compose.yml" == found.file
    assert (tmp_path / "docker-compose.override.yml",) == found.overrides
    (tmp_path / "compose.yaml").touch()
    assert tmp_path / "compose.yaml" == find_project(str(tmp_path), cwd=inner, environ={}).file
    (tmp_path / "meshdev.toml").touch()
    found = find_project(None, cwd=inner, environ={})
    assert (tmp_path / "meshdev.toml", ()) == (found.file, found.overrides)


def test_several_files_lie_over_each_other(tmp_path: Path) -> None:
    """`-f` several times, or MESHDEV_FILE with colons; only what is named counts."""
    for name in ("a.yml", "b.yml", "compose.override.yml"):
        (tmp_path / name).touch()
    wanted = (tmp_path / "a.yml", (tmp_path / "b.yml",))
    named = find_project(["a.yml", "b.yml"], cwd=tmp_path, environ={})
    told = find_project(None, cwd=tmp_path, environ={"MESHDEV_FILE": f"a.yml{os.pathsep}b.yml"})
    assert wanted == (named.file, named.overrides) == (told.file, told.overrides)
    assert find_project("a.yml", cwd=tmp_path, environ={}).overrides == ()


def test_the_files_that_compose_is_told(tmp_path: Path) -> None:
    """`COMPOSE_FILE` of the shell, or of `.env` in the nearest folder that has one; a meshdev.toml comes first."""
    inner = tmp_path / "web"
    inner.mkdir()
    for name in ("a.yml", "b.yml", "compose.yml"):
        (tmp_path / name).touch()
    wanted = (tmp_path / "a.yml", (tmp_path / "b.yml",))
    told = find_project(None, cwd=tmp_path, environ={"COMPOSE_FILE": f"a.yml{os.pathsep}b.yml"})
    separator = {"COMPOSE_FILE": "a.yml;b.yml", "COMPOSE_PATH_SEPARATOR": ";"}
    assert (told.file, told.overrides) == wanted
    assert find_project(None, cwd=tmp_path, environ=separator).overrides == wanted[1]

    (tmp_path / ".env").write_text('OTHER="x"\n')
    assert find_project(None, cwd=inner, environ={}).file == tmp_path / "compose.yml"
    (tmp_path / ".env").write_text('SECOND=b.yml\nCOMPOSE_FILE="a.yml:${SECOND}"\n')
    found = find_project(None, cwd=inner, environ={})
    assert (found.file, found.overrides) == wanted
    with pytest.raises(UsageError, match="no such file") as refused:
        find_project(None, cwd=tmp_path, environ={"COMPOSE_FILE": "c.yml"})
    assert "COMPOSE_FILE names it" in refused.value.hint
    (tmp_path / "meshdev.toml").touch()
    assert find_project(None, cwd=tmp_path, environ=separator).file == tmp_path / "meshdev.toml"


def test_a_project_whose_file_has_gone_is_found_by_its_lock(tmp_path: Path) -> None:
    """A branch without the file was checked out: what runs can still be seen and stopped, from a subfolder too."""
    (tmp_path / ".meshdev").mkdir()
    (tmp_path / ".meshdev" / "daemon.lock").write_text('{"pid": 1, "uid": 0}')
    inner = tmp_path / "src"
    inner.mkdir()
    assert tmp_path.resolve() == find_project(None, cwd=inner, environ={}).root


def test_a_file_in_the_place_of_the_state_folder_is_no_daemon(tmp_path: Path) -> None:
    """Odd, but nothing runs; `up` says what cannot be written."""
    (tmp_path / "meshdev.toml").touch()
    (tmp_path / ".meshdev").touch()
    assert find_project(None, cwd=tmp_path, environ={}).presence() is Presence.ABSENT


@pytest.mark.parametrize("file", [None, "missing.toml"])
def test_no_project_says_what_to_do(tmp_path: Path, file: str | None) -> None:
    """Without a file the error has a way out."""
    with pytest.raises(UsageError) as caught:
        find_project(file, cwd=tmp_path, environ={})
    assert caught.value.hint


def test_absent_when_nothing_was_ever_there() -> None:
    """A fresh project has no daemon and nothing stale."""
    with short_project() as project:
        assert Presence.ABSENT is project.presence()
        assert "meshdev up" in absence(project).hint


def test_alive_when_somebody_of_ours_listens() -> None:
    """A listening daemon is alive."""
    with short_project() as project, Daemon(project, StandIn([service()], system())):
        assert Presence.ALIVE is project.presence()


def test_stale_socket_is_seen_and_cleared() -> None:
    """A socket that nobody listens on is left over from a killed daemon, and is removed with its lock."""
    with short_project() as project:
        project.paths.socket.parent.mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(project.paths.socket))
        project.paths.state_dir.mkdir()
        project.paths.lock_file.write_text(f'{{"pid": 1, "uid": {os.getuid()}}}')
        assert Presence.STALE is project.presence()
        assert len(project.clear_stale()) == 2
        assert Presence.ABSENT is project.presence()


def test_mute_when_the_lock_is_held_but_nobody_listens() -> None:
    """A daemon that starts, stops or hangs is told from one that is gone; its things are not touched."""
    with short_project() as project, held_lock(project, f'{{"pid": 42, "uid": {os.getuid()}}}'):
        assert Presence.MUTE is project.presence()
        assert project.clear_stale() == []
        assert "pid 42" in absence(project).message


def test_another_users_daemon_is_named() -> None:
    """A lock of another uid gives a message of its own."""
    with short_project() as project, held_lock(project, '{"pid": 42, "uid": 99999}'):
        assert Presence.FOREIGN is project.presence()
        assert "another user" in absence(project).message


def test_socket_comes_from_the_lock() -> None:
    """Another terminal's XDG_RUNTIME_DIR does not hide the daemon: the lock names its socket."""
    with short_project() as project, held_lock(project, '{"pid": 42, "socket": "/elsewhere/control.sock"}'):
        assert Path("/elsewhere/control.sock") == project.socket()


def test_a_topology_file_is_a_regular_file(tmp_path: Path) -> None:
    """`-f /dev/null` must not make a project of /dev."""
    with pytest.raises(UsageError, match="/dev/null: is no regular file"):
        find_project("/dev/null", cwd=tmp_path, environ={})
