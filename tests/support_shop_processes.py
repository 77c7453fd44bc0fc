"""The shop as real processes, without meshdev: every service and a real nats-server, on ports that stay theirs.

Ports come from below the kernel's range for outgoing connections, so that one freed by a kill is still free when its
service comes back.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
SERVICES = ROOT / "sample_system" / "services"
BROKER = "events"
_READY_SECONDS = 30.0
# Where there is setpriv, whatever was started ends with the tests, even if those are killed.
_TETHER = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()


@dataclass(frozen=True, slots=True)
class Part:
    """One service: its module, whom it calls, whether it uses the broker."""

    module: str
    calls: tuple[str, ...] = ()
    broker: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


PARTS: Mapping[str, Part] = {
    "catalog": Part("catalog"),
    "carts": Part("carts", ("catalog",)),
    "inventory": Part("inventory"),
    "payments": Part("payments"),
    "shipping": Part("shipping", broker=True, environment={"STEP_SECONDS": "0.3"}),
    "orders": Part("orders", ("carts", "inventory", "payments", "shipping"), broker=True),
    "notifications": Part("notifications", broker=True),
    "order-history": Part("order_history", broker=True),
    "storefront": Part(
        "storefront", ("catalog", "carts", "orders", "inventory", "order-history", "notifications")
    ),
}


class ShopProcesses:
    """Starts, kills and restarts the parts of one shop that lives in `directory`."""

    def __init__(self, directory: Path, environment: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._directory = directory
        self._extra = environment or {}
        self._ports = _ports((*PARTS, BROKER))
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.urls: Mapping[str, str] = {name: f"http://127.0.0.1:{self._ports[name]}" for name in PARTS}

    @property
    def broker_url(self) -> str:
        """Where the broker listens."""
        return f"nats://127.0.0.1:{self._ports[BROKER]}"

    def start(self, *names: str) -> None:
        """Start parts (all when none is named) without waiting for them."""
        for name in names or (*PARTS, BROKER):
            log = (self._directory / f"{name}.log").open("ab")
            with log:
                self._running[name] = subprocess.Popen(
                    self._command(name),
                    cwd=SERVICES / name if name in PARTS else self._directory,
                    env=self.environment(name),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def wait_until_ready(self, *names: str) -> None:
        """Wait until parts (all when none is named) answer; fails with the log of the one that doesn't."""
        deadline = time.monotonic() + _READY_SECONDS
        for name in names or (*PARTS, BROKER):
            while not self._answers(name):
                if self._running[name].poll() is not None or time.monotonic() > deadline:
                    message = f"{name} isn't ready:\n{self.log(name)[-4000:]}"
                    raise AssertionError(message)
                # The world offers no event for "somebody listens on that port now".
                time.sleep(0.02)

    def kill(self, name: str) -> None:
        """`kill -9`, at this very moment."""
        self._end(name, signal.SIGKILL)

    def freeze(self, name: str) -> None:
        """SIGSTOP: it keeps its connections and answers nobody."""
        self._running[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT: whatever was sent to it meanwhile is carried out, late."""
        self._running[name].send_signal(signal.SIGCONT)

    def stop(self, name: str) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(name, signal.SIGTERM)

    @contextlib.contextmanager
    def twin(self, name: str) -> Iterator[tuple[str, Callable[[], int]]]:
        """A second incarnation of a part, ready, on another port and the same data; its address, and how to stop it."""
        key = f"{name} (twin)"
        port = self._ports[key] = _ports((key,))[key]
        url = f"http://127.0.0.1:{port}"
        with (self._directory / f"{name}.log").open("ab") as log:
            self._running[key] = subprocess.Popen(
                self._command(name),
                cwd=SERVICES / name,
                env=self.environment(name) | {"PORT": str(port)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _READY_SECONDS
        while not _is_healthy(url):
            assert time.monotonic() < deadline, self.log(name)[-4000:]
            time.sleep(0.02)
        try:
            yield url, lambda: self.stop(key)
        finally:
            if key in self._running:
                self.kill(key)

    def stop_all(self) -> None:
        """End everything that still runs."""
        for name in list(self._running):
            self.kill(name)

    def log(self, name: str) -> str:
        """All that the part has written so far."""
        return (self._directory / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def environment(self, name: str) -> dict[str, str]:
        """What the part finds in its environment: the addresses of those it calls, nothing else of the shop."""
        environment = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
        environment |= {
            "PORT": str(self._ports[name]),
            "DATABASE_URL": f"sqlite:///{self._directory}/{name}.sqlite3",
        }
        if name in PARTS:
            part = PARTS[name]
            environment |= {
                f"{callee.upper().replace('-', '_')}_URL": self.urls[callee] for callee in part.calls
            }
            if part.broker:
                environment["EVENTS_URL"] = self.broker_url
            environment |= {"PYTHONPATH": "../../lib", **part.environment}
        return environment | dict(self._extra.get(name, {}))

    def _command(self, name: str) -> list[str]:
        if name in PARTS:
            return [*_TETHER, sys.executable, "-m", PARTS[name].module]
        server = Path(sys.executable).parent / "nats-server"
        store = str(self._directory / "jetstream")
        return [*_TETHER, str(server), "-js", "-a", "127.0.0.1", "-p", str(self._ports[BROKER]), "-sd", store]

    def _answers(self, name: str) -> bool:
        if name != BROKER:
            return _is_healthy(self.urls[name])
        try:
            with socket.create_connection(("127.0.0.1", self._ports[BROKER]), timeout=1.0) as connection:
                return connection.recv(4) == b"INFO"
        except OSError:
            return False

    def _end(self, name: str, number: signal.Signals) -> int:
        process = self._running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        return process.wait(timeout=10)


@contextlib.contextmanager
def running_shop(
    directory: Path, environment: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[ShopProcesses]:
    """A whole shop, ready, ended with the block."""
    shop = ShopProcesses(directory, environment)
    try:
        shop.start()
        shop.wait_until_ready()
        yield shop
    finally:
        shop.stop_all()


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _ports(names: tuple[str, ...]) -> dict[str, int]:
    """A free port for each name, far from those that other connections get by chance."""
    chance = random.Random(f"{os.getpid()}-{time.monotonic_ns()}")
    ports: dict[str, int] = {}
    while len(ports) < len(names):
        port = chance.randrange(10_000, 19_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports.values():
            ports[names[len(ports)]] = port
    return ports
