"""One key makes a service slow, the graph shows where within two seconds, the same key ends it: in a real terminal."""

import re
import time
from pathlib import Path

import pytest

from support_terminal import Terminal, environ, meshdev, project, up
from support_till import till

__all__ = ["environ", "project", "till"]

SOON = 2.0


def soon(terminal: Terminal, keys: str, pattern: str, *, gone: bool = False) -> float:
    """Press keys; how many seconds it takes until the pattern is seen (or not any more)."""
    began = time.monotonic()
    terminal.type(keys)
    terminal.until(lambda shown: (re.search(pattern, shown) is None) == gone)
    return time.monotonic() - began


@pytest.mark.e2e
def test_one_key_makes_payments_slow_and_the_same_key_ends_it(till: Path, environ: dict[str, str]) -> None:
    """On the graph; then a named fault by its own key on the Chaos screen."""
    terminal = up(till, environ)
    terminal.sees("till", "● healthy")
    terminal.type("2")
    terminal.until(lambda shown: re.search(r"\d p99|\d/s|p99 \d", shown) is not None)
    terminal.type("l")  # from orders onto its edge
    terminal.sees("orders → payments")
    assert soon(terminal, "c", r"↯ latency-1") < SOON
    terminal.until(lambda shown: re.search(r"/s +(1|2)\.\ds", shown) is not None)
    assert "⚡" in terminal.text()
    assert soon(terminal, "c", r"↯ latency-1", gone=True) < SOON
    terminal.type("6")
    terminal.sees("no-money", "○ off")
    assert soon(terminal, "p", "↯ on") < SOON
    terminal.until(lambda shown: re.search(r"errors +0% → 100%", shown) is not None)
    assert '"on":true' in meshdev(till, "fault", "list", "--json").stdout.replace(" ", "")
    assert soon(terminal, " ", "↯ on", gone=True) < SOON
    terminal.type("qs")
    assert terminal.ends() == 0
