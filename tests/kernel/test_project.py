"""Where a project's things are: short, stable, one place per folder."""

from pathlib import Path

from meshdev.kernel.project import project_paths


def test_the_state_lies_beside_the_file_and_the_socket_in_the_runtime_directory() -> None:
    """Logs and lock are in the project; the socket is where the system keeps such things."""
    paths = project_paths(Path("/home/ana/shop"), uid=1000, environ={"XDG_RUNTIME_DIR": "/run/user/1000"})

    assert paths.lock_file == Path("/home/ana/shop/.meshdev/daemon.lock")
    assert paths.ports_file == Path("/home/ana/shop/.meshdev/ports.json")
    assert paths.data_dir == Path("/home/ana/shop/.meshdev/data")
    assert paths.log_dir("r1") == Path("/home/ana/shop/.meshdev/runs/r1/logs")
    assert paths.socket == Path(f"/run/user/1000/meshdev/{paths.key}/control.sock")


def test_two_folders_never_share_a_socket() -> None:
    """The key names the folder, whatever the topology calls the system."""
    keys = {project_paths(Path(f"/work/{n}"), uid=0, environ={}).key for n in range(100)}

    assert len(keys) == 100
    assert {len(key) for key in keys} == {12}


def test_a_runtime_directory_that_is_too_long_for_a_socket_is_left() -> None:
    """A Unix socket's path holds about a hundred bytes."""
    paths = project_paths(Path("/p"), uid=7, environ={"XDG_RUNTIME_DIR": "/run/" + "x" * 100})

    assert str(paths.socket).startswith("/tmp/meshdev-7/")
