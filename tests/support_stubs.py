"""Foreign programs that serve stubs: started on a free port, awaited, ended by their own process id."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

START_SECONDS = 60.0


@contextmanager
def serving(command: Callable[[int], Sequence[str]], log: Path, probe: str = "/") -> Iterator[str]:
    """The base URL of a program that is told its port."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(command(port), stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    try:
        _await(process, url + probe, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"it did not start: {log.read_text('utf-8', 'replace')[-600:]}")
            time.sleep(0.05)
        else:
            return
