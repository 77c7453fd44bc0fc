"""The dashboard served to browsers: a real ``meshdev … --web`` over a real system, as a user would start it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil

from support_running import RunningSystem

if TYPE_CHECKING:
    import pexpect


@dataclass(slots=True)
class Served:
    """A command that serves; ``url`` is the address that it printed."""

    child: "pexpect.spawn[str]"
    url: str

    @property
    def pid(self) -> int:
        """Of the command."""
        assert self.child.pid is not None
        return self.child.pid

    @property
    def host(self) -> str:
        """Name and port."""
        return urlsplit(self.url).netloc

    @property
    def socket_url(self) -> str:
        """Of the websocket."""
        return self.url.replace("http", "ws", 1) + "ws"

    def sessions(self) -> list[psutil.Process]:
        """The live dashboard processes of its tabs."""
        try:
            children = psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return [one for one in children if _is_session(one)]


@contextmanager
def served(system: RunningSystem, *args: str, **environ: str) -> Iterator[Served]:
    """Run the command with ``--web`` until its address is known."""
    with system.terminal(*args, "--web", "--no-browser", NO_COLOR="1", COLUMNS="400", **environ) as child:
        child.setwinsize(40, 400)
        child.expect(r"in your browser: (http://\S+)")
        assert isinstance(child.match, re.Match)
        yield Served(child, str(child.match.group(1)))


def sessions_of(root: Path) -> list[psutil.Process]:
    """The live dashboard processes for the project in ``root``, whoever started them."""
    return [one for one in psutil.process_iter() if _is_session(one, str(root / "meshdev.toml"))]


def _is_session(process: psutil.Process, *words: str) -> bool:
    try:
        return {"meshdev.web.session", *words} <= set(process.cmdline())
    except psutil.Error:  # it has just ended
        return False
