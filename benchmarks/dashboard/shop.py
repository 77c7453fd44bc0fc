"""What it costs to have the dashboard open over the sample system, all day."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import ClassVar, Self

from benchmarks.case import environment
from benchmarks.dashboard.seat import Seat
from benchmarks.processes import cost
from benchmarks.scenarios.base import Figures, Metric, Scenario
from benchmarks.tools.base import Tool, Unfit

SECONDS = 20
_SETTLE = 5.0
_PATIENCE = 20.0
_MESHDEV = (sys.executable, "-m", "meshdev")
_ROOT = Path(__file__).resolve().parents[2]
_KEYS = {"services": b"1", "graph": b"2", "traffic": b"3", "traces": b"4", "logs": b"5"}


class Shop(Scenario):
    """Only meshdev: it is its sample system."""

    group: ClassVar = "dashboard"
    name: ClassVar = "shop"
    title: ClassVar = "The dashboard over the sample system"
    about: ClassVar = (
        f"CPU of the dashboard's process over {SECONDS} s on each screen, in percent of a core. *Idle*: the shop is "
        "healthy and nobody is in it (`SHOPPERS_RATE=0`; probes go on); the others: with its usual crowd (2 pages a "
        "second, about 30 calls over the edges)."
    )
    metrics: ClassVar = (
        Metric("idle", "idle, services", "%"),
        *(Metric(screen, screen, "%") for screen in _KEYS),
        Metric("memory", "memory", "MB"),
    )
    rounds: ClassVar = 3

    def run(self, tool: Tool, binary: Path) -> Figures:
        """The shop twice: empty, and with its crowd."""
        _ = binary
        if tool.name != "meshdev":
            raise Unfit("it is meshdev's sample system")
        with _Open(rate="0") as empty:
            idle = empty.cpu()
        with _Open(rate="2") as open_shop:
            figures = {screen: open_shop.cpu(key) for screen, key in _KEYS.items()}
            memory = cost([open_shop.seat.pid]).pss / 1e6
        return {"idle": idle, **figures, "memory": memory}


class _Open:
    """The shop, copied and looked at."""

    def __init__(self, rate: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self._root = self._folder / "shop"
        self._root.mkdir()
        shutil.copy2(_ROOT / "meshdev.toml", self._root)
        shutil.copytree(_ROOT / "sample_system", self._root / "sample_system")
        for name in ("home", "run"):
            (self._folder / name).mkdir(mode=0o700)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environ = {
            **environment(self._folder, uuid.uuid4().hex),
            "SHOPPERS_RATE": rate,
            "PATH": path,
            "SHOP_PORT": str(_free_port()),
        }

    def __enter__(self) -> Self:
        self._meshdev("up", "--wait")
        self.seat = Seat([*_MESHDEV, "attach"], self._root, self._environ)
        if self.seat.painted(b"storefront", _PATIENCE) is None:
            raise Unfit("the dashboard never showed the shop")
        return self

    def cpu(self, key: bytes = b"") -> float:
        """In percent of a core, on the screen that this key brings."""
        if key:
            self.seat.press(key)
        time.sleep(_SETTLE)
        before = cost([self.seat.pid])
        time.sleep(SECONDS)
        return 100 * (cost([self.seat.pid]).cpu - before.cpu) / SECONDS

    def __exit__(self, *_: object) -> None:
        self._meshdev("down")
        self.seat.leave()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _meshdev(self, *arguments: str) -> None:
        done = subprocess.run(
            [*_MESHDEV, *arguments],
            cwd=self._root,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Unfit(f"meshdev {arguments[0]}: {done.stderr[-300:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
