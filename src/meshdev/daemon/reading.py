"""Reading the topology in a process of its own, while the daemon imports what it needs to run it.

Validation costs more than anything else in a start, and its modules are never needed again unless a changed file is
applied; a forked reader takes both off the daemon. It only answers when all is well: whatever is wrong is found again,
and reported, by the caller that reads for itself.

Fork before anything is imported or started that a fork would copy in vain: `begin` is the daemon's first act.
"""

import gc
import os
import select
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from meshdev.topology.model import System


class Reading:
    """One file that is being read by a child of this process."""

    def __init__(self, pid: int, answer: int) -> None:
        self._pid = pid
        self._answer = answer

    @classmethod
    def begin(cls, options: str) -> "Reading | None":
        """Start to read what ``options`` (`LaunchOptions` as JSON) name; None when there is no process to be had."""
        ours, theirs = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(ours)
            os.close(theirs)
            return None
        if pid == 0:
            os.close(ours)
            _read(options, theirs)
        os.close(theirs)
        return cls(pid, ours)

    @property
    def done(self) -> bool:
        """Whether `result` need not be waited for."""
        return bool(select.select([self._answer], [], [], 0)[0])

    def result(self) -> System | None:
        """What the file describes, once it is read; None: read it yourself, and see what is wrong. To be asked once."""
        with open(self._answer, "rb") as answer:  # noqa: PTH123 -- a descriptor
            content = answer.read()
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        if not content:
            return None
        import pickle  # noqa: PLC0415 -- after the fork

        system: System = pickle.loads(content)  # noqa: S301 -- from our own child
        return system


def _read(options: str, answer: int) -> NoReturn:
    gc.disable()  # neither modules nor what is read are garbage, and it ends with them
    try:
        os.environ["PYDANTIC_DISABLE_PLUGINS"] = (
            "__all__"  # else every installed distribution is looked through
        )
        # The reason for this process: nobody else has to import these.
        import pickle  # noqa: PLC0415

        import msgspec  # noqa: PLC0415

        from meshdev.daemon.options import LaunchOptions  # noqa: PLC0415
        from meshdev.topology.load import load  # noqa: PLC0415

        launch = msgspec.json.decode(options, type=LaunchOptions)
        environ = {name: value for name, value in os.environ.items() if name != "PYDANTIC_DISABLE_PLUGINS"}
        overrides = list(map(Path, launch.overrides))
        system = load(Path(launch.file), profiles=launch.profiles, environ=environ, overrides=overrides)
        with open(answer, "wb") as pipe:
            pipe.write(pickle.dumps(system, pickle.HIGHEST_PROTOCOL))
    except BaseException:  # noqa: BLE001 -- the caller finds it again, and tells
        os._exit(1)
    os._exit(0)
