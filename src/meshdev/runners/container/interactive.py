"""A command in a container with this terminal as its own: keys, output, size of the window, exit code. Blocking.

Without a terminal on our side the command has none either, and its two streams stay two.
"""

import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import termios
import tty
from collections.abc import Callable, Sequence
from typing import Any

from meshdev.runners.container.frames import STDERR, Frames
from meshdev.runners.container.light import LightEngine

_READ = 64 * 1024
_INPUT, _OUTPUT, _ERROR = 0, 1, 2


def run_here(address: str, container: str, argv: Sequence[str], *, user: str = "") -> int:
    """Run ``argv`` in the container until it ends; its exit code. Raises LightError."""
    engine = LightEngine(address)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    wanted = {
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": terminal,
        "User": user,
        "Cmd": list(argv),
        "Env": [f"TERM={os.environ['TERM']}"] if terminal and os.environ.get("TERM") else [],
    }
    identity = engine.ask("POST", f"/containers/{container}/exec", body=wanted)["Id"]
    line = engine.hijack(f"/exec/{identity}/start", json.dumps({"Detach": False, "Tty": terminal}).encode())
    line.settimeout(None)
    try:
        if terminal:
            _with_terminal(engine, identity, line)
        else:
            _pump(line, Frames(), lambda: None)
    finally:
        line.close()
    code = engine.ask("GET", f"/exec/{identity}/json").get("ExitCode")
    return 1 if code is None else int(code)


def _with_terminal(engine: LightEngine, identity: str, line: socket.socket) -> None:
    before = termios.tcgetattr(_INPUT)

    def resize(*_: Any) -> None:
        rows, columns = struct.unpack("HHHH", fcntl.ioctl(_OUTPUT, termios.TIOCGWINSZ, b"\0" * 8))[:2]
        engine.ask("POST", f"/exec/{identity}/resize", h=str(rows), w=str(columns))

    former = signal.signal(signal.SIGWINCH, resize)
    try:
        tty.setraw(_INPUT)
        _pump(line, None, resize)
    finally:
        termios.tcsetattr(_INPUT, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, former)


def _pump(line: socket.socket, frames: Frames | None, started: Callable[[], None]) -> None:
    """Keys to the command, its output to us, until it has ended."""
    started()
    sources: list[Any] = [line, _INPUT]
    while True:
        ready = select.select(sources, [], [])[0]
        if _INPUT in ready:
            typed = os.read(_INPUT, _READ)
            if typed:
                line.sendall(typed)
            else:
                sources.remove(_INPUT)
                line.shutdown(socket.SHUT_WR)
        if line in ready:
            data = line.recv(_READ)
            if not data:
                return
            if frames is None:
                _write(_OUTPUT, data)
                continue
            for number, text in frames.feed(data):
                _write(_ERROR if number == STDERR else _OUTPUT, text)


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
