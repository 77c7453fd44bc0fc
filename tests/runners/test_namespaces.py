"""Programs that see names of their own: what they see, who they are, and what became of it when they cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from meshdev.runners import within
from meshdev.runners.namespaces import Within, own_hosts_offer

pytestmark = pytest.mark.skipif(not own_hosts_offer().possible, reason="no mount namespaces here")


@pytest.fixture
def own(tmp_path: Path) -> Within:
    """A hosts file, and the namespaces that this machine needs for it."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.70.1.2\tredis\n127.0.0.1\tlocalhost\n", "utf-8")
    return Within(hosts, own_hosts_offer().new_user)


def told(own: Within, *argv: str) -> subprocess.CompletedProcess[str]:
    """What a program says that is started so."""
    command = [*own.prefix(dies_with_parent=True), *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def test_names_are_looked_up_there(own: Within) -> None:
    """The C library finds what the file says, and what it says only."""
    assert told(own, "/usr/bin/getent", "hosts", "redis").stdout.split() == ["127.70.1.2", "redis"]


@pytest.mark.parametrize("new_user", [False, True])
def test_the_program_is_the_same_user_with_the_same_pid(own: Within, new_user: bool) -> None:  # noqa: FBT001
    """The shim replaces itself; who starts it stays who it is, whatever namespaces that takes."""
    if not new_user and own.new_user:
        pytest.skip("not without a user namespace")
    ask = "import os; print(os.getpid(), os.getuid(), os.getgid())"
    mine = Within(own.hosts, new_user)
    child = subprocess.Popen(
        [*mine.prefix(dies_with_parent=True), sys.executable, "-c", ask], stdout=subprocess.PIPE, text=True
    )
    said, _ = child.communicate(timeout=30)

    assert said.split() == [str(child.pid), str(os.getuid()), str(os.getgid())]


def test_it_ends_with_its_parent(own: Within) -> None:
    """The signal for the parent's death is set, though the namespaces would have cleared it."""
    ask = "import ctypes; n = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(n)); print(n.value)"
    for new_user in {own.new_user, True}:
        assert told(Within(own.hosts, new_user), sys.executable, "-c", ask).stdout == "15\n"


def test_a_program_that_is_not_there(own: Within) -> None:
    """A shell's exit codes, and a line that says what is missing."""
    done = told(own, "/nowhere/at/all")
    assert (done.returncode, done.stderr) == (127, "meshdev: /nowhere/at/all: not found\n")


def test_a_program_that_may_not_be_run(own: Within) -> None:
    """Likewise."""
    done = told(own, str(own.hosts))
    assert (done.returncode, done.stderr) == (126, f"meshdev: {own.hosts}: Permission denied\n")


def test_a_script_without_a_first_line(own: Within, tmp_path: Path) -> None:
    """Run by a shell, as everywhere."""
    script = tmp_path / "script"
    script.write_text('echo "$1 $2"\n', "utf-8")
    script.chmod(0o755)

    assert told(own, str(script), "a", "b c").stdout == "a b c\n"


def test_a_hosts_file_that_is_not_there(own: Within) -> None:
    """Said, and nothing is run."""
    done = told(Within(own.hosts.with_name("gone"), own.new_user), "/bin/echo", "ran")
    assert done.stdout == ""
    assert done.stderr == "meshdev: no hosts file of its own: No such file or directory\n"


def test_joining_one_that_runs(own: Within) -> None:
    """A process joins another one's namespaces and sees its names."""
    with subprocess.Popen(
        [*own.prefix(dies_with_parent=True), "/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(b"there\n")
        running.stdin.flush()
        assert running.stdout.readline() == b"there\n"
        join = (
            f"import runpy, sys; runpy.run_path({within.__file__!r})['join']({running.pid});"
            "print(open('/etc/hosts').read())"
        )
        done = subprocess.run([sys.executable, "-c", join], capture_output=True, text=True, check=True)
        running.stdin.close()
    assert "redis" in done.stdout
