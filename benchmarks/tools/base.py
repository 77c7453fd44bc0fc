"""A tool as the benchmarks see it: what it is told, how it is started and stopped, where it keeps logs."""

import os
import pty
import select
import signal
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.case import Case
from benchmarks.processes import eventually

START_SECONDS = 60.0
_SIZE = (40, 160)  # rows and columns; some tools break without any


class Unfit(Exception):  # noqa: N818 -- no error: the tool just doesn't do this
    """The tool cannot take part; the text says why."""


@dataclass(slots=True)
class Started:
    """A tool that was started. In the foreground the process lives as long as the tool."""

    process: subprocess.Popen[bytes]
    terminal: "Terminal | None" = None


class Terminal:
    """A terminal whose output is read and forgotten, so that the tool never waits for a reader."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, _SIZE)
        self._ending = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Take it away from whoever sits at it."""
        self._ending.set()
        self._reader.join()

    def _read(self) -> None:
        with suppress(OSError):
            while not self._ending.is_set():
                if select.select([self._ours], [], [], 0.1)[0]:
                    os.read(self._ours, 65536)
        os.close(self._ours)


class Tool:
    """Subclasses say what is special; the defaults are those of a tool that stays in the foreground."""

    name: ClassVar[str]
    watches: ClassVar[bool] = False
    quiet: ClassVar[float] = 0.0  # seconds of quiet that it waits for before it reloads
    detached: ClassVar[bool] = False  # the command returns, the tool lives on
    needs_terminal: ClassVar[bool] = False
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def version(self) -> str:
        """What was measured; raises Unfit when the tool isn't here."""
        raise NotImplementedError

    def configure(self, case: Case) -> None:
        """Write its files into the case's folder."""
        raise NotImplementedError

    def command(self, case: Case) -> Sequence[str]:
        """Starts it."""
        raise NotImplementedError

    def terminal_command(self, case: Case) -> Sequence[str]:
        """Starts it for a person at a terminal; raises Unfit for who never runs there."""
        if self.detached:
            raise Unfit("always detached")
        return self.command(case)

    def stop_command(self, case: Case) -> Sequence[str] | None:
        """Stops it in order; None: `stop_signal` does."""
        _ = case
        return None

    def commands(self, case: Case) -> Mapping[str, Sequence[str]]:
        """Commands that people run beside the running tool, by what they do: help, status, logs, wait."""
        _ = case
        return {}

    def logs(self, case: Case) -> list[Path]:
        """The files to which the services' lines went."""
        return [case.folder / "out.log"]

    def main_pid(self, case: Case, started: Started) -> int:
        """The process that is killed when "the tool is killed"."""
        _ = case
        return started.process.pid

    def start(self, case: Case, *, terminal: bool = False) -> Started:
        """Run it in the case's folder; a foreground tool's output goes to a file, or to a terminal that we read."""
        if terminal or self.needs_terminal:
            return _in_terminal(self.terminal_command(case) if terminal else self.command(case), case)
        with (case.folder / "out.log").open("ab") as output:
            process = subprocess.Popen(
                self.command(case),
                cwd=case.folder,
                env=case.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return Started(process)

    def stop(self, case: Case, started: Started) -> None:
        """Ask it to stop; returns once asked (a stop command: once it has returned)."""
        command = self.stop_command(case)
        if command is None:
            with suppress(ProcessLookupError):
                os.kill(started.process.pid, self.stop_signal)
        else:
            run(command, case)

    def ended(self, case: Case, started: Started) -> bool:
        """Whether nothing of the tool runs."""
        if started.process.poll() is None:
            return False
        return not self.detached or not case.tool()

    def wait_ended(self, case: Case, started: Started, seconds: float) -> bool:
        """Whether it ended in time."""
        return eventually(lambda: self.ended(case, started), seconds, 0.01)


def run(command: Sequence[str], case: Case) -> subprocess.CompletedProcess[bytes]:
    """One command of a tool, beside the running one."""
    with (case.folder / "commands.log").open("ab") as output:
        return subprocess.run(
            command,
            cwd=case.folder,
            env=case.environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=START_SECONDS,
            check=False,
        )


def said(command: Sequence[str]) -> str:
    """The first line that a command prints; raises Unfit when it can't be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    except OSError as error:
        raise Unfit(f"{command[0]}: {error.strerror}") from error
    text = (done.stdout or done.stderr).strip()
    if done.returncode:
        raise Unfit(f"{' '.join(command)}: {text[-200:]}")
    return text.splitlines()[0] if text else ""


def _in_terminal(command: Sequence[str], case: Case) -> Started:
    terminal = Terminal()
    process = subprocess.Popen(
        ["setsid", "-c", *command],
        cwd=case.folder,
        env=case.environ,
        stdin=terminal.theirs,
        stdout=terminal.theirs,
        stderr=terminal.theirs,
    )
    os.close(terminal.theirs)
    return Started(process, terminal)
