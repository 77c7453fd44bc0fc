"""SIGKILL to every process of meshdev at once, while it records under load: what was acknowledged is there afterwards.

``MESHDEV_KILL_ROUNDS`` (default 3) and ``MESHDEV_KILL_SEED`` say how often and when.
"""

import json
import os
import random
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
import httpx
import pytest

from meshdev.client import recording_calls
from meshdev.client.control import Control
from meshdev.client.project import find_project
from meshdev.recording.calls import is_whole
from meshdev.recording.model import Exchange, Recording
from meshdev.recording.protobuf.codec import Codecs
from meshdev.storage.recordings import Library
from meshdev.storage.recordings.writer import segments_of
from support_product import Product, alive, eventually
from support_till_calls import till_at, topology
from support_variety import variety_up

ROUNDS = int(os.environ.get("MESHDEV_KILL_ROUNDS", "3"))
SEED = int(os.environ.get("MESHDEV_KILL_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
CLIENTS = 4

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60 + 30 * ROUNDS)]


Asking = Callable[[int, list[int], threading.Event], None]


def of_shop(shop: str) -> Asking:
    """Asks for one item after the other until the shop is gone."""

    def ask(number: int, answered: list[int], leaving: threading.Event) -> None:
        with httpx.Client(base_url=shop, timeout=5) as client, suppress(httpx.HTTPError):
            while not leaving.is_set():
                client.get(f"/items/{number}-{answered[number]}")
                answered[number] += 1

    return ask


def of_till(port: int) -> Asking:
    """Charges one order after the other until the till is gone, and watches each."""

    def ask(number: int, answered: list[int], leaving: threading.Event) -> None:
        with till_at(port) as till, suppress(grpc.RpcError):
            while not leaving.is_set():
                order = f"{number}-{answered[number]}"
                till.charge(order, 5)
                till.watch("watched", 3)
                answered[number] += 1

    return ask


@contextmanager
def clients(asking: Asking) -> Iterator[list[int]]:
    """Some of them; how many answers each has had."""
    answered = [0] * CLIENTS
    leaving = threading.Event()

    def ask(number: int) -> None:
        asking(number, answered, leaving)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        leaving.set()
        for thread in threads:
            thread.join()


def acknowledged(control: Control) -> int:
    """How many calls are safe, says the control API."""
    return sum(view.exchanges for view in control.send(recording_calls.recordings()).active)


def target_of(one: Exchange) -> str:
    """Who asks for what, of a request."""
    return one.request.target.rpartition("/")[2]


def holes(recording: Recording, asked: Callable[[Exchange], str] = target_of) -> dict[str, list[int]]:
    """For each client the calls that are missing before its last one."""
    seen: defaultdict[str, set[int]] = defaultdict(set)
    for one in recording.exchanges:
        client, mark, turn = asked(one).partition("-")
        if mark:
            seen[client].add(int(turn))
    return {client: gap for client, turns in seen.items() if (gap := sorted(set(range(max(turns))) - turns))}


def killed_while_recording(
    product: Product, asking: Asking, name: str, chance: random.Random
) -> tuple[int, list[int]]:
    """How many were acknowledged just before, and how many answers each client has had in all."""
    control = Control(find_project(None, cwd=product.root, environ=product.env()))
    product.run("record", "start", name)
    with clients(asking) as answered:
        eventually(lambda: acknowledged(control) > 0)
        time.sleep(chance.uniform(0.0, 1.2))  # no synchronisation: the moment is to be any
        pids = [int(one["pid"]) for one in product.processes()]
        chance.shuffle(pids)
        assert len(pids) >= 4  # daemon, guardian, a worker, the recorder
        safe = acknowledged(control)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not any(alive(pid) for pid in pids))
    return safe, answered


def test_what_was_acknowledged_survives(product: Product, free_port: int) -> None:
    """It is there, without a hole; the journal opens, the list tells, and the next recording works."""
    print(f"MESHDEV_KILL_SEED={SEED}")  # noqa: T201
    chance = random.Random(SEED)
    library = Library(product.root / ".meshdev" / "recordings")
    for number in range(ROUNDS):
        name = f"round-{number}"
        shop = variety_up(product, free_port)
        safe, answered = killed_while_recording(product, of_shop(shop), name, chance)

        recording = library.open(name)
        listed = {one["name"]: one for one in json.loads(product.run("record", "list", "--json").stdout)}
        print(  # noqa: T201
            f"{sum(answered)} answered, {safe} acknowledged, {len(recording.exchanges)} read, "
            f"{listed[name]['torn']} bytes torn"
        )
        assert len(recording.exchanges) >= safe > 0
        assert holes(recording) == {}
        assert listed[name]["exchanges"] == len(recording.exchanges)
        assert not listed[name]["recording"]
        assert "not closed in order" in product.run("record", "list").stdout
        assert bool(listed[name]["torn"]) == ("torn" in product.run("record", "show", name).stdout)
    product.end()
    product.wait_gone()


def test_calls_of_grpc_that_were_acknowledged_survive(product: Product, free_port: int) -> None:
    """With their messages and descriptors; streams are whole or not there."""
    product.write(topology(free_port))
    product.run("up", "--wait", timeout=60)
    print(f"MESHDEV_KILL_SEED={SEED}")  # noqa: T201
    safe, answered = killed_while_recording(product, of_till(free_port), "calls", random.Random(SEED))
    recording = Library(product.root / ".meshdev" / "recordings").open("calls")
    print(f"{sum(answered)} answered, {safe} acknowledged, {len(recording.exchanges)} read")  # noqa: T201
    assert len(recording.exchanges) >= safe > 0
    decode = Codecs(recording.descriptors).decode
    assert holes(recording, lambda one: str(decode(one, one.messages[0])["order_id"])) == {}
    assert all(map(is_whole, recording.exchanges))
    product.wait_gone()


def test_a_torn_end_is_told(product: Product, free_port: int) -> None:
    """Bytes of a block that was never finished: left out, named by `show` and `list`, and nothing else is lost."""
    shop = variety_up(product, free_port)
    product.run("record", "start", "whole")
    with httpx.Client(base_url=shop) as client:
        for number in range(20):
            client.get(f"/items/0-{number}")
        eventually(lambda: b'"exchanges":20' in _listed(product))
        for number in range(20, 30):
            client.get(f"/items/0-{number}")
    product.run("record", "stop")
    folder = product.root / ".meshdev" / "recordings" / "whole"
    segment = segments_of(folder)[-1]
    segment.write_bytes(segment.read_bytes()[:-7])
    _uncount(folder)

    shown = product.run("record", "show", "whole").stdout
    assert "GET /items/0-19" in shown
    assert "GET /items/0-29" not in shown
    assert "ends torn: its last" in shown
    assert "torn end:" in product.run("record", "list").stdout
    told = product.run("record", "show", "whole", "--json")
    assert len(json.loads(told.stdout)) >= 20
    assert "ends torn" in told.stderr
    product.run("swap", "shop", "--with", "recording:whole")
    assert httpx.get(f"{shop}/items/0-3").json()["name"] == "0-3"
    assert "torn" in product.run("logs", "shop").stdout


def _listed(product: Product) -> bytes:
    return product.run("record", "list", "--json").stdout.replace(" ", "").encode()


def _uncount(folder: Path) -> None:
    """As it stands when nobody has closed it."""
    file = folder / "recording.json"
    told = json.loads(file.read_text())
    told.pop("totals")
    file.write_text(json.dumps(told | {"ended": None}))
