"""Letting another program have the terminal for a while, and the plain stream of all logs as such a guest.

The dashboard lives on behind it: pictures and lines come in, nothing is drawn. What is pressed there is the guest's: a
ctrl+c ends the guest at most, the system never. SIGTERM and SIGHUP keep their meaning throughout.
"""

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

BACKFILL = 200
"""Lines of before that the plain stream begins with."""

_LEAVE = frozenset(b"tTqQ\r\n\x03\x04\x1b")
_POLL = 0.1
_GRACE = 2.0
_LFLAG, _CC = 3, 6


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """While a guest is there, the terminal's own signals are meant for it alone, though it shares our process group.

    Handlers, not SIG_IGN: that would be inherited. What ends us goes to who handled it before.
    """
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)
    }

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        restore()
        signal.raise_signal(number)

    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    try:
        yield
    finally:
        restore()


async def entertain(argv: Sequence[str]) -> int:
    """Run ``argv`` in the foreground of the terminal; its exit code. Raises OSError when it cannot be started."""
    with deaf():
        process = await asyncio.create_subprocess_exec(*argv)
        return await process.wait()


def launch(argv: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a program with a window of its own, which outlives the dashboard. Raises OSError."""
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(argv, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)


async def stream(root: Path, environ: Mapping[str, str], *, lines: int = BACKFILL) -> None:
    """Print the last ``lines`` lines of all logs and what comes, as ``meshdev logs -f`` does, until a key comes."""
    leave = threading.Event()
    with deaf():
        try:
            await asyncio.to_thread(_stream, root, environ, lines, leave)
        finally:
            leave.set()


def _stream(root: Path, environ: Mapping[str, str], lines: int, leave: threading.Event) -> None:
    argv = [sys.executable, "-m", "meshdev", "logs", "-f", "-n", str(lines)]
    terminal = sys.__stdin__.fileno() if sys.__stdin__ is not None else 0
    with _keys(terminal):
        _say("all logs as they come; t, q or Enter: back to the dashboard")
        process = subprocess.Popen(argv, cwd=root, env=dict(environ), stdin=subprocess.DEVNULL)
        ended = False
        try:
            while not leave.is_set():
                if not ended and process.poll() is not None:
                    ended = True
                    _say("the stream has ended; t, q or Enter: back to the dashboard")
                ready, _, _ = select.select([terminal], [], [], _POLL)
                if ready and _leaves(os.read(terminal, 64)):
                    return
        finally:
            _end(process)


def _leaves(pressed: bytes) -> bool:
    """Whether what came asks to go back; nothing at all means that the terminal has gone."""
    return not pressed or any(key in _LEAVE for key in pressed)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _say(text: str) -> None:
    out = sys.__stdout__ or sys.stdout
    out.write(f"── {text} ──\n")
    out.flush()


@contextlib.contextmanager
def _keys(terminal: int) -> Iterator[None]:
    """Keys come one by one, unseen, and none of them is a signal."""
    before = termios.tcgetattr(terminal)
    changed = termios.tcgetattr(terminal)
    changed[_LFLAG] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
    changed[_CC][termios.VMIN], changed[_CC][termios.VTIME] = 1, 0
    termios.tcsetattr(terminal, termios.TCSANOW, changed)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # the terminal may have gone
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
