"""Who waits long is told what for."""

import sys
import threading

import pytest

from meshdev.cli.patience import patience


def test_on_a_terminal_the_wait_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a moment, on stderr."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with patience("an answer", most=7.0, quiet=0.0):
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join(10)
    said = capsys.readouterr()
    assert "waiting for an answer, at most 7 s" in said.err
    assert said.out == ""


def test_elsewhere_and_for_the_quick_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Programs read clean output; a quick answer needs no words."""
    with patience(quiet=0.0):
        pass
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with patience(quiet=60.0):
        pass
    assert capsys.readouterr().err == ""
