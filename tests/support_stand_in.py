"""A stand-in daemon: the real guardian link, reaper and runner, and nothing else.

Its guardian is the real one; ``run`` is what the guardian calls. The options name a file of JSON: ``project``, ``run``,
``lock``, ``socket``, ``grace`` and ``programs`` (a list of argv). It reports its pids and serves until SIGTERM.
"""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from meshdev.daemon.guardian_link import GuardianLink
from meshdev.lifecycle.model import Incarnation
from meshdev.runners.process import LaunchSpec, ProcessRunner
from meshdev.runners.reaper import Reaper
from support_processes import Facts, Heard, kill


@dataclass(slots=True)
class StandIn:
    """A running stand-in as its test sees it; lines that it reports are read from ``report``."""

    guardian: int
    daemon: int
    directory: Path
    project: str
    run_id: str
    report: int

    def line(self) -> dict[str, object]:
        """The next thing that it reports."""
        text = b""
        while not text.endswith(b"\n"):
            data = os.read(self.report, 1)
            assert data, (self.directory / "daemon.log").read_text()
            text += data
        return dict(json.loads(text))

    def end(self) -> None:
        """Make sure that neither lives on."""
        kill(self.guardian)
        kill(self.daemon)
        os.close(self.report)


def start_stand_in(directory: Path, programs: Sequence[Sequence[str]], *, grace: float = 0.3) -> StandIn:
    """Start a guardian whose daemon is the stand-in, of a project of its own; its programs have said ``ready``."""
    project, run_id = secrets.token_hex(6), secrets.token_hex(6)
    options = {
        "project": project,
        "run": run_id,
        "lock": str(directory / "daemon.lock"),
        "socket": str(directory / "control.sock"),
        "grace": grace,
        "programs": [list(argv) for argv in programs],
    }
    file = directory / "options.json"  # not on the command line, where the programs' token would be seen
    file.write_text(json.dumps(options))
    reading = spawn_guardian(str(file), directory)
    found = StandIn(0, 0, directory, project, run_id, reading)
    said = found.line()
    found.guardian, found.daemon = int(str(said["guardian"])), int(str(said["daemon"]))
    return found


def spawn_guardian(options: str, directory: Path, daemon: str = "support_stand_in:run") -> int:
    """Start the real guardian as the command line does; the reading end of the report pipe."""
    reading, writing = os.pipe()
    with (directory / "daemon.log").open("ab") as log:
        subprocess.run(
            [
                *(sys.executable, "-P", "-m", "meshdev.daemon.guardian"),
                *("--report-fd", str(writing), "--daemon", daemon, options),
            ],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(writing,),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        )
    os.close(writing)
    return reading


def run(options: str, report_fd: int, guardian_fd: int) -> int:
    """What the guardian calls in the daemon's process."""
    asyncio.run(_serve(json.loads(Path(options).read_text()), report_fd, GuardianLink(guardian_fd)))
    return 0


async def _serve(options: dict[str, object], report_fd: int, link: GuardianLink) -> None:
    loop = asyncio.get_running_loop()
    asked_to_end = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, asked_to_end.set)
    reaper = Reaper()
    reaper.start()
    heard: dict[Incarnation, Heard] = {}

    def output(ref: Incarnation, stream: str) -> Heard:
        return heard.setdefault(ref, Heard()) if stream == "stdout" else Heard()

    def say(**what: object) -> None:
        os.write(report_fd, json.dumps(what).encode() + b"\n")

    project, run_id, socket = str(options["project"]), str(options["run"]), Path(str(options["socket"]))
    runner = ProcessRunner(reaper=reaper, run_id=run_id, project=project, report=Facts(), output=output)
    lock = Path(str(options["lock"]))
    lock.write_text("held")  # noqa: ASYNC240 -- nothing else runs yet
    socket.touch()  # noqa: ASYNC240
    grace = float(str(options["grace"]))
    link.introduce(project=project, run_id=run_id, socket_path=socket, lock=lock, grace=grace)
    link.watch(lambda replaced: say(replaced=replaced))
    programs = options["programs"]
    assert isinstance(programs, list)
    for number, argv in enumerate(programs):
        ref = Incarnation("program", number, 1)
        runner.launch(ref, LaunchSpec(argv=tuple(argv), cwd=lock.parent, env={"PATH": "/usr/bin:/bin"}), 1)
        await heard[ref].until(b"ready")
    say(guardian=os.getppid(), daemon=os.getpid())
    await asked_to_end.wait()
    await runner.close()
    link.close()
    reaper.close()
