"""What the dashboard does with recordings, without its screen, over a running system."""

import asyncio
import json
import time
from functools import partial

import httpx
import pytest

from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import find_project
from meshdev.errors import MeshdevError, UsageError
from meshdev.tui.daemon_backend import DaemonBackend
from meshdev.wire.recording_views import RecordRequest, SaveLastRequest
from support_product import Product, eventually
from support_variety import variety_up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_a_recording_is_made_replayed_exported_played_and_removed(product: Product, free_port: int) -> None:
    """In the order of a day; a call is found in the recording when the mesh has lost it."""
    shop = variety_up(product, free_port)
    project = find_project(None, cwd=product.root, environ=product.env())
    backend = DaemonBackend(project)
    asyncio.run(backend.start_recording(RecordRequest(name="empty")))
    asyncio.run(backend.stop_recording("empty"))
    asyncio.run(backend.start_recording(RecordRequest(name="day")))
    with httpx.Client(base_url=shop) as client:
        client.post("/orders", json={"id": "1", "item": "apple"})
        for number in range(5):
            client.get(f"/items/{number}")
        view = asyncio.run(backend.stop_recording("day"))
        assert view.exchanges == 6
        assert {one.meta.name for one in asyncio.run(backend.recordings())} == {"day", "empty"}
        call = next(
            one for one in Control(project).send(calls.traffic(50, settled=True)) if one.target == "/orders"
        )
        product.run("restart", "shop")
        for number in range(400):  # more than the mesh keeps of them
            client.get(f"/download?bytes=20000&number={number}")
        found = asyncio.run(backend.recall(call))
        assert found is not None
        assert json.loads(found.request.body.data) == {"id": "1", "item": "apple"}
    told: list[tuple[str, int, int]] = []
    ((service, outcome),) = asyncio.run(backend.replay("day", [], lambda *step: told.append(step)))
    assert (service, outcome.sent, told[-1]) == ("shop", 6, ("shop", 6, 6))
    first, second = [asyncio.run(backend.export_recording("day", "har")) for _ in range(2)]
    assert (first.path.name, second.path.name, first.calls) == ("day.har", "day_2.har", 6)
    assert json.loads(first.path.read_text())["log"]["entries"]
    for refused in (
        partial(backend.replay, "empty", [], lambda *_: None),
        partial(backend.export_recording, "empty", "har"),
    ):
        with pytest.raises(UsageError, match="nothing is recorded in empty"):
            asyncio.run(refused())
    asyncio.run(backend.swap("shop", "recording:day"))
    eventually(lambda: _stand_in(project) == "recording:day" and _answers(shop))
    assert (asyncio.run(backend.save_last(SaveLastRequest(name="last", seconds=60)))).exchanges
    asyncio.run(backend.remove_recording("last"))
    with pytest.raises(MeshdevError, match="no recording called last"):
        asyncio.run(backend.open_recording("last"))


def _stand_in(project: object) -> str:
    views = Control(project).send(calls.services())  # type: ignore[arg-type]
    return next(view.stand_in for view in views if view.name == "shop")


def _answers(shop: str) -> bool:
    """Whether the stand-in, which knows no such route, answers."""
    return httpx.get(f"{shop}/items/not-recorded-{time.time_ns()}").status_code == 599
