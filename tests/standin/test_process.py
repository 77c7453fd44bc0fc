"""The stand-in as a process of its own, as the daemon starts it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meshdev.standin.role import Role, layer_of_misses, read, written
from meshdev.topology.recordings import OnMiss
from support_mesh import free_port
from support_recordings import exchange, saved


@contextmanager
def process(role: str, **ports: int) -> Iterator["subprocess.Popen[str]"]:
    """``python -m meshdev.standin``."""
    environment = {**os.environ, **{name: str(port) for name, port in ports.items()}}
    with subprocess.Popen(
        [sys.executable, "-m", "meshdev.standin", role],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def get(port: int, path: str) -> tuple[int, str]:
    """One request, once somebody listens."""
    deadline = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())["title"]
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def test_it_plays_until_it_is_asked_to_end(tmp_path: Path) -> None:
    """Each endpoint has its own answers; SIGTERM ends it with code 0."""
    first, second = free_port(), free_port()
    saved(
        tmp_path,
        "r",
        [
            exchange("GET /a", "one"),
            exchange("GET /a", "two", number=2, endpoint="admin"),
        ],
    )
    ports = {"http": "PORT", "admin": "PORT_ADMIN"}
    role = Role(service="payments", folder=str(tmp_path), recordings=("r",), ports=ports)
    with process(written(role), PORT=first, PORT_ADMIN=second) as stand_in:
        assert get(first, "/a") == (200, "one")
        assert get(second, "/a") == (200, "two")
        assert get(first, "/b") == (599, "No Match")
        stand_in.send_signal(signal.SIGTERM)
        out, err = stand_in.communicate(timeout=10)
    assert (stand_in.returncode, err) == (0, "")
    assert out.startswith(
        'plays payments (http): 1 exchange of "r"; what was not recorded is answered with 599\n'
    )
    assert "no match: GET /b: " in out


@pytest.mark.parametrize(
    ("name", "said"), [("chekout", 'did you mean "checkout"?'), ("torn", "cannot read ")]
)
def test_nothing_to_play(tmp_path: Path, name: str, said: str) -> None:
    """It says why in the log, and ends with a code that is not 0."""
    saved(tmp_path, "checkout", [])
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "recording.json").write_text("{")
    role = Role(service="payments", folder=str(tmp_path), recordings=(name,), ports={"http": "PORT"})
    with process(written(role), PORT=free_port()) as stand_in:
        out, err = stand_in.communicate(timeout=10)
    assert stand_in.returncode == 4
    assert out.startswith("cannot play payments: ")
    assert said in out + err


def test_a_role_is_one_argument() -> None:
    """And comes back as it was."""
    role = Role(
        service="a",
        folder="/x",
        recordings=("b", "c"),
        ports={"http": "PORT"},
        on_miss=OnMiss.PASS,
        url="http://y",
    )
    assert read(written(role)) == role
    assert json.loads(written(role))["recordings"] == ["b", "c"]


def test_misses_go_into_a_layer_of_their_own() -> None:
    """Named after the uppermost; once there is one, it goes on."""
    assert layer_of_misses(("base", "checkout")) == "checkout-new"
    assert layer_of_misses(("checkout", "checkout-new")) == "checkout-new"
