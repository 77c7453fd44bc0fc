"""Traffic is recorded as a user records it: commands, a running system, real clients; then read from the disk."""

import asyncio
import json
import os
import signal
import subprocess
import time
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from meshdev.client import calls, recording_calls
from meshdev.client.control import Control
from meshdev.client.project import find_project
from meshdev.recording.model import Cut, Exchange, Recording
from meshdev.recording.plain import exchange_of
from meshdev.storage.recordings import Library
from support_product import Product, eventually
from support_variety import variety_up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def library(product: Product) -> Library:
    """The project's recordings."""
    return Library(product.root / ".meshdev" / "recordings")


def of(recording: Recording, target: str) -> list[Exchange]:
    """The exchanges whose target begins so."""
    return [one for one in recording.exchanges if one.request.target.startswith(target)]


def test_what_passes_between_start_and_stop_is_in_the_recording(product: Product, free_port: int) -> None:
    """Every call that begins after `start` has answered is there after `stop`, whole, and no other."""
    shop = variety_up(product, free_port)
    with httpx.Client(base_url=shop) as client:
        client.get("/items/before")
        product.run("record", "start", "day")
        asked = client.post("/orders", json={"id": "1", "item": "apple"})
        client.get("/zipped")
        for number in range(30):
            client.get(f"/items/{number}")
        told = product.run("record", "stop").stdout
        client.get("/items/after")
    assert told.startswith("day: 32 calls")
    recording = library(product).open("day")
    assert len(recording.exchanges) == 32
    assert not recording.notes
    order = of(recording, "/orders")[0]
    assert order.request.method == "POST"
    assert json.loads(order.request.body.data) == {"id": "1", "item": "apple"}
    assert order.response is not None
    assert order.response.status == 201
    assert json.loads(order.response.body.data) == asked.json()
    assert (order.caller, order.callee, order.instance[:6]) == ("outside", "shop", "shop-0")
    assert order.trace
    zipped = of(recording, "/zipped")[0].response
    assert zipped is not None
    assert zipped.body.coding == "gzip"
    assert json.loads(zipped.body.data)["text"].startswith("compressed")
    shown = json.loads(product.run("record", "show", "day", "--json").stdout)
    assert len(shown) == 32
    listed = json.loads(product.run("record", "list", "--json").stdout)
    assert [(one["name"], one["exchanges"], one["recording"]) for one in listed] == [("day", 32, False)]


def test_the_last_minutes_can_be_saved_after_the_fact(product: Product, free_port: int) -> None:
    """Nobody had asked for a recording, and yet what just happened is there."""
    shop = variety_up(product, free_port)
    with httpx.Client(base_url=shop) as client:
        for number in range(20):
            client.get(f"/items/{number}")
        client.post("/orders", json={"id": "7", "item": "pear"})
    product.run("record", "save-last", "1m", "just-now", "--match", "path=/orders")
    product.run("record", "save-last", "1m", "all-of-it")
    assert [one.request.target for one in library(product).open("just-now").exchanges] == ["/orders"]
    everything = library(product).open("all-of-it")
    assert {one.request.target for one in everything.exchanges} >= {f"/items/{n}" for n in range(20)}


def test_a_call_that_has_passed_can_be_looked_at_whole(product: Product, free_port: int) -> None:
    """By its span, with headers and bodies, without its secrets, though nobody recorded anything."""
    shop = variety_up(product, free_port)
    order = {"id": "7", "item": "pear", "password": "hunter2-hunter2"}
    with httpx.Client(base_url=shop) as client:
        client.post("/orders", json=order, headers={"authorization": "Bearer Zx81-9f8e7d6c5b4a"})
    control = Control(find_project(None, cwd=product.root, environ=product.env()))
    call = eventually(
        lambda: next((one for one in control.send(calls.traffic(50)) if one.target == "/orders"), None)
    )
    assert call is not None
    told = control.send(recording_calls.recall(call.span, call.at)).exchange
    assert told is not None
    found = exchange_of(told)
    asked = json.loads(found.request.body.data)
    assert (asked["item"], found.span, found.callee) == ("pear", call.span, "shop")
    assert asked["password"] != order["password"]
    assert "Zx81" not in str(found.request.headers)
    assert set(found.redacted) == {"request.header.authorization", "request.body/password"}
    assert not list(library(product).folder.glob("*"))
    assert control.send(recording_calls.recall("0" * 16, call.at)).exchange is None


def test_streams_and_websockets_are_recorded_as_they_went(product: Product, free_port: int) -> None:
    """Events keep their gaps, messages their directions; a first byte is not held back."""
    shop = variety_up(product, free_port)
    product.run("record", "start", "live")
    with httpx.Client(base_url=shop) as client, client.stream("GET", "/events?count=6&gap=0.1") as answer:
        begin = time.monotonic()
        pieces = answer.iter_bytes()
        first = next(pieces)
        assert time.monotonic() - begin < 0.5  # of 0.6 s
        rest = b"".join(pieces)

    async def talk() -> list[str | bytes]:
        async with connect(f"ws://127.0.0.1:{free_port}/talk") as socket:
            heard = []
            for word in ("one", "two", "three"):
                await socket.send(word)
                heard.append(await socket.recv())
            return heard

    assert asyncio.run(talk()) == ["ONE", "TWO", "THREE"]
    product.run("record", "stop", "live")
    recording = library(product).open("live")
    events = of(recording, "/events")[0].response
    assert events is not None
    assert events.body.data == first + rest
    times = [at for _, at in events.body.pieces]
    assert len(times) == 6
    assert times[-1] - times[0] > 400_000
    talked = of(recording, "/talk")[0]
    texts = [(one.outgoing, one.data) for one in talked.messages if one.kind == "text"]
    assert texts == [
        (True, b"one"), (False, b"ONE"), (True, b"two"), (False, b"TWO"), (True, b"three"), (False, b"THREE"),
    ]  # fmt: skip


def test_a_download_that_is_too_large_passes_and_is_marked(product: Product, free_port: int) -> None:
    """Of a body beyond the cap the beginning is kept, and the recording says so."""
    shop = variety_up(product, free_port, '\n[recording]\nbody_cap = "1MB"\n')
    product.run("record", "start", "big")
    with httpx.Client(base_url=shop) as client:
        size = 8_000_000
        answer = client.get(f"/download?bytes={size}")
        assert len(answer.content) == size
        small = client.get("/download?bytes=200000").content
    product.run("record", "stop", "big")
    big, whole = (one.response for one in library(product).open("big").exchanges)
    assert big is not None
    assert whole is not None
    assert big.body.cut is Cut.CAP
    assert big.body.size == size
    assert 0 < len(big.body.data) <= 1_000_000
    assert whole.body.cut is None
    assert whole.body.data == small


def recorder_of(product: Product) -> int:
    """The recorder's pid."""
    return next(int(one["pid"]) for one in product.processes() if one["role"] == "recorder")


def test_a_recorder_that_is_killed_takes_nothing_that_was_acknowledged(
    product: Product, free_port: int
) -> None:
    """The recording ends with a sentence, traffic goes on, the next recording works."""
    shop = variety_up(product, free_port)
    product.run("record", "start", "first")
    with httpx.Client(base_url=shop) as client:
        for number in range(50):
            client.get(f"/items/{number}")

        def acknowledged() -> int | None:
            listed = json.loads(product.run("record", "list", "--json").stdout)
            return next((one["exchanges"] for one in listed if one["exchanges"] == 50), None)

        eventually(acknowledged)
        events = subprocess.Popen(
            product.command("events", "--json"),
            cwd=product.root,
            env=product.env(),
            stdout=subprocess.PIPE,
            text=True,
        )
        with events:
            out = events.stdout
            assert out is not None
            out.readline()  # it follows
            os.kill(recorder_of(product), signal.SIGKILL)
            assert any("the recorder ended; 50 exchanges are safe" in line for line in out)
            events.terminate()
        for number in range(50):
            assert client.get(f"/items/more-{number}").status_code == 200
        eventually(
            lambda: not json.loads(product.run("record", "list", "--json").stdout)[0]["recording"] or None
        )
        assert len(library(product).open("first").exchanges) >= 50
        assert "not closed in order" in product.run("record", "list").stdout
        assert "first is over: the recorder ended" in product.run("record", "stop", "first", check=2).stderr
        product.run("record", "start", "second")
        client.get("/items/again")
        product.run("record", "stop", "second")
    assert [one.request.target for one in library(product).open("second").exchanges] == ["/items/again"]


def refused(product: Product, *arguments: str) -> str:
    """What a command says that cannot be done."""
    done = product.run(*arguments, check=None)
    assert done.returncode in (2, 4), done
    return done.stderr


def test_what_cannot_be_done_is_told_with_the_way_out(product: Product, free_port: int) -> None:
    """Unknown names, names that are taken, edges that are none."""
    variety_up(product, free_port)
    product.run("record", "start", "one")
    cases: dict[str, tuple[str, ...]] = {
        "one is being recorded already": ("record", "start", "one"),
        "no edge is called": ("record", "start", "two", "--edge", "outside -> shopp"),
        'did you mean "outside -> shop"?': ("record", "start", "two", "--edge", "outside -> shopp"),
        "no service is called 'shopp'": ("record", "start", "two", "--service", "shopp"),
        "cannot be the name of a recording": ("record", "start", "../two"),
        "there is no recording called two": ("record", "show", "two"),
        "one is being recorded": ("record", "rm", "one"),
        "nothing called two is being recorded": ("record", "stop", "two"),
    }
    for text, arguments in cases.items():
        assert text in refused(product, *arguments), arguments
    product.run("record", "stop")
    assert "there is a recording called one already" in refused(product, "record", "start", "one")
    product.run("record", "rm", "one")
    assert not (product.root / ".meshdev" / "recordings" / "one").exists()


def test_what_is_being_recorded_is_closed_with_the_system(product: Product, free_port: int) -> None:
    """`down` loses nothing of a recording under way."""
    shop = variety_up(product, free_port)
    product.run("record", "start", "until-the-end", "--service", "shop")
    with httpx.Client(base_url=shop) as client:
        for number in range(10):
            client.get(f"/items/{number}")
    product.run("down")
    assert len(library(product).open("until-the-end").exchanges) == 10
    listed: list[dict[str, Any]] = json.loads(product.run("record", "list", "--json").stdout)
    assert listed[0]["exchanges"] == 10
    assert listed[0]["ended"] is not None


def test_recordings_can_be_kept_in_the_project(product: Product, free_port: int) -> None:
    """`[recording] dir` says where, so that they can be committed."""
    shop = variety_up(product, free_port, '\n[recording]\ndir = "recordings"\n')
    with httpx.Client(base_url=shop) as client:
        client.get("/items/1")
    product.run("record", "save-last", "1m", "kept")
    assert (product.root / "recordings" / "kept" / "recording.json").is_file()
    assert "kept" in product.run("record", "list").stdout
