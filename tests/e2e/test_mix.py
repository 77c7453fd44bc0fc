"""The mix of sixty-four requests over the mesh: recorded, the service swapped for the recording, asked again.

Right is what the live server answers to that very request, with the ids and nonces of this time in it.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from support_mix import MIX, Played, again, play, told
from support_product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SYSTEM = """
[system]
name = "variety"

[services.shop]
command = "@python@ @programs@/variety.py"
healthcheck = "/healthz"
ports = ["@port@:http"]

[services.oracle]
command = "@python@ @programs@/variety.py"
healthcheck = "/healthz"
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """The shop is played by the recording; the oracle is the same program, asked past the mesh."""

    product: Product
    shop: str

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Both from the beginning; gives where the oracle is."""
        self.product.run("restart", "shop", "oracle")
        yield f"http://127.0.0.1:{self.product.status()['oracle']['instances'][0]['port']}"


@pytest.fixture(scope="module")
def stage(shared: Product, shared_port: int) -> Stage:
    """Recorded once, with eight clients of whom nobody knows of another."""
    shared.write(SYSTEM.replace("@port@", str(shared_port)))
    shared.run("up", "-d", "--wait")
    shop = f"http://127.0.0.1:{shared_port}"
    shared.run("record", "start", "mix", "--edge", "outside -> shop")
    asked = play(shop, MIX, seed=1, clients=8, shuffled=True)
    assert len(asked) == 64
    assert shared.run("record", "stop").stdout.startswith("mix: 64 calls")
    shared.run("swap", "shop", "--with", "recording:mix")
    return Stage(shared, shop)


def judged(played: list[Played], oracle: str) -> tuple[Counter[str], list[str]]:
    """How many were right, wrong, missed; and what was not right."""
    expected = again(oracle, played)
    tally: Counter[str] = Counter()
    faults = []
    for one in played:
        if told(one.response) == told(expected[one.place]):
            tally["right"] += 1
            continue
        tally["missed" if one.response.status_code == 599 else "wrong"] += 1
        faults.append(
            f"{one.of} {one.request.method} {one.request.url}\n  given    {one.response.text}\n"
            f"  expected {told(expected[one.place])}"
        )
    return tally, faults


@pytest.mark.parametrize(
    ("seed", "clients", "shuffled"),
    [(2, 1, False), (3, 1, True), (4, 8, True), (5, 8, True)],
    ids=["in order", "shuffled", "eight clients", "eight others"],
)
def test_the_mix_is_answered_by_its_recording(stage: Stage, seed: int, clients: int, shuffled: bool) -> None:  # noqa: FBT001
    """Sixty-four right, none wrong, none missed, whatever the noise and the order."""
    with stage.fresh() as oracle:
        begin = time.monotonic()
        played = play(stage.shop, MIX, seed, clients=clients, shuffled=shuffled)
        took = time.monotonic() - begin
        tally, faults = judged(played, oracle)
    print(f"{dict(tally)} in {took:.2f} s")  # noqa: T201 -- a figure for who reads along
    assert tally == {"right": 64}, "\n".join(faults[:4])


def test_what_was_never_asked_is_a_miss(stage: Stage) -> None:
    """Requests that differ from recorded ones in what matters are not answered with something near."""
    strangers = [
        ("GET", "/items/static-8", {}),
        ("GET", "/search?q=fruit-9&nonce=0123456789abcdef01234567", {}),
        ("GET", "/search?q=fruit-1&nonce=0123456789abcdef01234567&page=2", {}),
        ("POST", "/orders", {"json": {"id": "4c9a-7", "at": "2026-11-28T00:00:00+00:00", "item": "plum"}}),
        ("POST", "/upload", {"data": {"title": "file 1"}, "files": {"file": ("a.txt", b"other\n")}}),
        ("POST", "/upload", {"data": {"title": "file 9"}, "files": {"file": ("a.txt", b"line\n")}}),
        ("GET", "/jobs/job-9", {}),
        ("GET", "/slow?seconds=0.9", {}),
        ("GET", "/events?count=9&gap=0.02", {}),
        ("DELETE", "/items/static-1", {}),
    ]
    with httpx.Client(base_url=stage.shop) as client:
        for method, target, content in strangers:
            answer = client.request(method, target, **content)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]) == (599, "no-match"), (method, target)
