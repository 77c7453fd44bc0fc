"""Instances that reset, hang, close early or talk nonsense; callers that vanish. Hundreds each, in passes."""

import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import ClassVar, Final

from benchmarks.mesh.endurance.base import MEGABYTE, Finding, Setting, Trial, all_of, edge, mesh, policy

CALLS: Final = 600
AT_ONCE: Final = 16
PASSES: Final = 5
GROWTH: Final = 3 * MEGABYTE
_TIMEOUT: Final = 0.3
_LINGER_NONE: Final = struct.pack("ii", 1, 0)
_GET: Final = b"GET / HTTP/1.1\r\nHost: u\r\n\r\n"
_POST: Final = b"POST / HTTP/1.1\r\nHost: u\r\nContent-Length: 1000000\r\n\r\n" + bytes(20_000)
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Behaviour = Callable[[socket.socket], None]


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)


def _resets_at_once(sock: socket.socket) -> None:
    _reset(sock)


def _closes_at_once(sock: socket.socket) -> None:
    _ = sock


def _resets_when_asked(sock: socket.socket) -> None:
    sock.recv(65536)
    _reset(sock)


def _closes_in_its_answer(sock: socket.socket) -> None:
    sock.recv(65536)
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(1000))


def _talks_nonsense(sock: socket.socket) -> None:
    sock.recv(65536)
    sock.sendall(random.randbytes(random.randrange(1, 3000)))


def _never_ends_its_head(sock: socket.socket) -> None:
    sock.recv(65536)
    sock.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000)


def _hangs(sock: socket.socket) -> None:
    while sock.recv(65536):
        pass


def _answers(sock: socket.socket) -> None:
    while sock.recv(65536):
        sock.sendall(_OK)


INSTANCES: Final[Mapping[str, Behaviour]] = {
    "resets-at-once": _resets_at_once,
    "closes-at-once": _closes_at_once,
    "resets-when-asked": _resets_when_asked,
    "closes-in-its-answer": _closes_in_its_answer,
    "talks-nonsense": _talks_nonsense,
    "never-ends-its-head": _never_ends_its_head,
    "hangs": _hangs,
    "answers": _answers,
}


class BadPeers(Trial):
    """Each kind of instance meets callers of each kind."""

    name: ClassVar = "bad-peers"

    async def run(self, setting: Setting, finding: Finding) -> None:
        """The last pass must cost nothing more than the one before."""
        said: list[str] = []
        with contextlib.ExitStack() as stack:
            ports = {name: stack.enter_context(_serving(behaviour)) for name, behaviour in INSTANCES.items()}
            async with mesh(setting.folder, said) as it:
                await it.route(
                    {
                        edge(f"{name}-{kind}"): policy(kind, port, hold=0.5)
                        for name, port in ports.items()
                        for kind in ("http", "tcp")
                    }
                )
                pids, start, rests, seen = it.pids, it.taken(), [], Counter[str]()
                for _ in range(PASSES):
                    for one, port in it.ports.items():
                        lock = threading.Lock()
                        most = CALLS // 5 if "hangs" in one.callee else CALLS
                        calls = [partial(_call, port, number, seen, lock) for number in range(most)]
                        await all_of(calls, AT_ONCE)
                    rests.append(await it.at_rest())
                finding.check(it.pids == pids, f"one worker stood {seen.total():,} calls: {dict(seen)}")
                finding.check(
                    rests[-1].memory - rests[-2].memory < GROWTH,
                    f"at rest {start}, then {', '.join(map(str, rests))}",
                )
                finding.check(rests[-1].descriptors <= start.descriptors, "no descriptor left")
                signals = it.fleet.signals().values()
                finding.check(
                    all(one.opened == one.closed and not one.in_flight and not one.held for one in signals),
                    "every connection that was opened was counted as closed, nothing is in flight",
                )
        kinds = Counter(text.partition(": ")[2].split(" (")[0] for text in said)
        finding.told += [f"said {count}×: {text}" for text, count in kinds.items()]  # noqa: RUF001 -- typography


def _call(port: int, number: int, seen: Counter[str], lock: threading.Lock) -> None:
    """By turns: ask and listen · ask and vanish · stop in the head · stop in a body, roughly · say nothing."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as sock:
            match number % 5:
                case 0:
                    sock.sendall(_GET)
                    came = sock.recv(65536)
                    outcome = came[:12].decode("latin-1") if came.startswith(b"HTTP/1.1 ") else "bytes or end"
                case 1:
                    sock.sendall(_GET)
                    outcome = "vanished"
                case 2:
                    sock.sendall(_GET[:20])
                    outcome = "vanished"
                case 3:
                    sock.sendall(_POST)
                    _reset(sock)
                    outcome = "vanished"
                case _:
                    outcome = "vanished"
    except TimeoutError:
        outcome = "no answer in time"
    except OSError:
        outcome = "broken"
    with lock:
        seen[outcome] += 1


@contextmanager
def _serving(behaviour: Behaviour) -> Iterator[int]:
    """An instance with a thread for each connection."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def one(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            behaviour(sock)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
