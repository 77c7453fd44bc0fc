"""Spawning: which program it will be, and what it inherits."""

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshdev.errors import ServiceError
from meshdev.runners.containment import describe_containment
from meshdev.runners.spawn import _OpenFiles, death_signal_wrapper, find_program, raise_open_files, spawn


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """An executable script in ``bin``."""
    (tmp_path / "bin").mkdir()
    path = tmp_path / "bin" / "serve"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_search_follows_the_instance(script: Path, tmp_path: Path) -> None:
    """PATH is the instance's own, its relative folders count from working_dir; a slash means a path."""
    assert find_program("serve", env={"PATH": "/usr/bin:bin"}, cwd=tmp_path) == str(script)
    assert find_program("bin/serve", env={}, cwd=tmp_path) == "bin/serve"
    with pytest.raises(ServiceError, match="command not found: serve"):
        find_program("serve", env={"PATH": "/usr/bin"}, cwd=tmp_path)


@pytest.mark.parametrize(
    "first", ["#!/bin/sh -e", "#!/usr/bin/env sh", "#!/usr/bin/env -S sh -e", "#!", "echo"]
)
def test_first_lines_that_are_fine(script: Path, tmp_path: Path, first: str) -> None:
    """What exec can start is not refused."""
    script.write_text(f"{first}\n")
    assert find_program("bin/serve", env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path) == "bin/serve"


def test_windows_line_ends_are_not_taken_for_the_interpreter(script: Path, tmp_path: Path) -> None:
    """A script with CRLF asks for an interpreter that is not there: the message says what is wrong."""
    script.write_bytes(b"#!/bin/sh\r\n")
    with pytest.raises(ServiceError, match="its first line ends in a carriage return"):
        find_program("bin/serve", env={}, cwd=tmp_path)


def test_working_dir_is_a_file(script: Path) -> None:
    """A file is no working directory."""
    with pytest.raises(ServiceError, match="is not a directory"):
        find_program("sh", env={}, cwd=script)


@pytest.fixture
def few_files() -> Iterator[int]:
    """A soft limit of descriptors as most users have it."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    remembered, _OpenFiles.before = _OpenFiles.before, None
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield 1024
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
    _OpenFiles.before = remembered


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux only")
def test_instances_keep_the_users_limit_of_files(tmp_path: Path, few_files: int) -> None:
    """The daemon takes as many descriptors as it may have; what it starts has as many as the user had."""
    raise_open_files()
    raise_open_files()
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > few_files
    null = os.open(os.devnull, os.O_WRONLY)
    pid = spawn(
        ("sleep", "1000"), env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path, mark=0, stdout=null, stderr=null
    )
    os.close(null)
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE)[0] == few_files
    os.kill(pid, 9)
    os.waitpid(pid, 0)


def test_description() -> None:
    """Every point has words."""
    told = describe_containment()
    assert {
        "strays",
        "orphans",
        "daemon and guardian killed",
        "signals",
        "limits.memory",
        "limits.cpus",
    } == set(told)
    assert all(told.values())
    assert ("setpriv --pdeathsig" in told["daemon and guardian killed"]) == bool(death_signal_wrapper())
