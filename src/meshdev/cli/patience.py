"""Saying what is waited for when an answer takes long: on a terminal, on stderr, once."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from meshdev.client.calls import QUICK

_QUIET = 1.0  # seconds that everybody waits without asking why


@contextmanager
def patience(
    what: str = "the daemon's answer", *, most: float = QUICK, quiet: float = _QUIET
) -> Iterator[None]:
    """While entered, after ``quiet`` seconds: what is waited for, and for how long at most."""
    text = f"waiting for {what}, at most {most:.0f} s; `meshdev doctor` looks at what may be wrong"
    timer = threading.Timer(quiet, click.echo, [text], {"err": True})
    timer.daemon = True
    if sys.stderr.isatty():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
