"""Recorded calls sent again to a real server: the same answers are the same, others are told by place."""

import asyncio
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from msgspec.structs import replace

from meshdev.recording.model import Exchange, Message, MessageKind, Meta, Recording
from meshdev.replaying.calls import Calls
from meshdev.replaying.outcome import Outcome
from meshdev.replaying.prepared import prepared
from meshdev.replaying.sender import Sender
from support_calls import PROTOS, a_call, encoded, known
from support_grpc import bench_server
from support_mesh import free_port
from support_tls import issued

sys.path.insert(0, str(PROTOS))


@contextmanager
def till(certificate: Path | None = None, **methods: Callable[..., Any]) -> Iterator[str]:
    """A till with these methods, by TLS if it has a certificate; its URL."""
    made: Any
    services: Any
    made, services = grpc.protos_and_services("till.proto")
    servicer = type("Till", (services.TillServicer,), methods)()
    pem = certificate.read_bytes() if certificate else b""
    server, port = bench_server(
        lambda it: services.add_TillServicer_to_server(servicer, it),
        credentials=grpc.ssl_server_credentials([(pem, pem)]) if pem else None,
    )
    assert made
    try:
        yield f"{'https' if pem else 'http'}://127.0.0.1:{port}"
    finally:
        server.stop(None).wait(10)


def message(name: str, **fields: Any) -> Any:
    """One of the till's messages, as grpcio has them."""
    made: Any = grpc.protos("till.proto")
    return getattr(made, name)(**fields)


def replayed(url: str, *calls: Exchange, named: bool = True, **headers: str) -> Outcome:
    """All of them sent to ``url``."""
    numbered = tuple(replace(one, id=str(number)) for number, one in enumerate(calls, 1))
    recording = Recording(meta=Meta(name="r"), exchanges=numbered, descriptors=known() if named else ())

    async def work() -> Outcome:
        session = prepared(recording, "till", lambda text: text, lambda *_: None)
        return await session.run(Sender(url, headers))

    return asyncio.run(work())


CHARGE = a_call(
    "Charge",
    (encoded("ChargeRequest", order_id="o-1", amount_cents="5"),),
    (encoded("Charged", id="ch-11111111", order_id="o-1", state="CHARGED"),),
)


@pytest.mark.parametrize("named", [True, False])
def test_a_call_that_is_answered_as_recorded(named: bool) -> None:  # noqa: FBT001 -- a table's
    """Nothing differs; latencies are told."""

    def charge(_: Any, request: Any, __: Any) -> Any:
        return message("Charged", id="ch-11111111", order_id=request.order_id, state=1)

    with till(Charge=charge) as url:
        outcome = replayed(url, CHARGE, named=named)
    assert (outcome.sent, outcome.same) == (1, True)
    assert outcome.latencies is not None


@pytest.mark.parametrize("names", [("payments", "127.0.0.1"), ("legacy.corp",), ("*.corp.example",)])
def test_by_tls_any_certificate_will_do(tmp_path: Path, names: tuple[str, ...]) -> None:
    """As over HTTP: of an authority that nobody trusts, and for another name."""

    def charge(_: Any, request: Any, __: Any) -> Any:
        return message("Charged", id="ch-11111111", order_id=request.order_id, state=1)

    with till(issued(tmp_path, *names).certificate, Charge=charge) as url:
        outcome = replayed(url, CHARGE, CHARGE)
    assert (outcome.errors, outcome.report.compared, outcome.same) == ({}, 2, True)


def test_a_certificate_out_of_its_time_is_told(tmp_path: Path) -> None:
    """It is the one that grpcio cannot be talked into; and there is no traceback for what speaks no TLS."""
    with till(issued(tmp_path, days_ago=2000).certificate) as url:
        assert "certificate has expired" in str(replayed(url, CHARGE).errors)
    with till() as url:
        assert "UNAVAILABLE" in str(replayed(url.replace("http:", "https:"), CHARGE).errors)


def test_what_differs_is_told_by_place() -> None:
    """A value, a status with its words, a message too many."""

    def charge(_: Any, request: Any, context: Any) -> Any:
        if request.order_id == "o-2":
            context.abort(grpc.StatusCode.ABORTED, "not now")
        return message("Charged", id="ch-11111111", order_id=request.order_id, state=2)

    def watch(_: Any, __: Any, ___: Any) -> Any:
        yield from (message("Event", number=1), message("Event", number=2))

    second = a_call(
        "Charge", (encoded("ChargeRequest", order_id="o-2"),), (encoded("Charged", order_id="o-2"),)
    )
    watched = a_call("Watch", (encoded("WatchRequest"),), (encoded("Event", number=1),))
    with till(Charge=charge, Watch=watch) as url:
        outcome = replayed(url, CHARGE, second, watched)
    told = {(line.route, line.place): (line.expected, line.actual) for line in outcome.report.lines}
    assert told["shop.Till/Charge", "body/messages/*/state"] == ('"CHARGED"', '"DECLINED"')
    assert told["shop.Till/Charge", "body/status"] == ('"OK"', '"ABORTED"')
    assert told["shop.Till/Charge", "body/message"] == ('""', '"not now"')
    assert ("shop.Till/Watch", "body/messages/*/number") in told


def test_ids_that_the_service_gives_out_go_into_the_calls_that_follow() -> None:
    """Put into the messages by their names."""
    asked: list[str] = []

    def charge(_: Any, __: Any, ___: Any) -> Any:
        return message("Charged", id="ch-22222222", order_id="o-1", state=1)

    def watch(_: Any, request: Any, __: Any) -> Any:
        asked.append(request.order_id)
        yield message("Event", number=1)

    watched = a_call(
        "Watch", (encoded("WatchRequest", order_id="ch-11111111"),), (encoded("Event", number=1),), number=2
    )
    with till(Charge=charge, Watch=watch) as url:
        replayed(url, CHARGE, watched)
    assert asked == ["ch-22222222"]


def test_a_conversation_is_held_in_its_turns() -> None:
    """The caller waits for what it had waited for."""

    def haggle(_: Any, requests: Any, __: Any) -> Any:
        yield message("Offer", cents=9)
        for offer in requests:
            yield message("Offer", cents=offer.cents + 1)

    said = [(False, 9), (True, 5), (False, 6), (True, 7), (False, 8)]
    messages = [
        Message(1000 * at, way, MessageKind.BINARY, encoded("Offer", cents=cents))
        for at, (way, cents) in enumerate(said)
    ]
    close = Message(9000, outgoing=True, kind=MessageKind.CLOSE, data=b"")
    call = replace(a_call("Haggle", (), ()), messages=(*messages, close))
    with till(Haggle=haggle) as url:
        assert replayed(url, call).same


def test_metadata_go_along_and_can_be_given() -> None:
    """A real token instead of a placeholder."""
    seen: list[Any] = []

    def charge(_: Any, __: Any, context: Any) -> Any:
        seen.append(dict(context.invocation_metadata()))
        return message("Charged", id="ch-11111111", order_id="o-1", state=1)

    request = replace(
        CHARGE.request, headers=(*CHARGE.request.headers, ("authorization", "Bearer x"), ("x-tenant", "blue"))
    )
    with till(Charge=charge) as url:
        replayed(url, replace(CHARGE, request=request), authorization="Bearer real")
    assert (seen[0]["authorization"], seen[0]["x-tenant"]) == ("Bearer real", "blue")


def test_nobody_there_is_an_error_and_what_cannot_be_sent_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By reason."""
    endless = replace(CHARGE, response=replace(CHARGE.response, trailers=()), error="caller-reset")  # type: ignore[type-var]
    outcome = replayed(f"http://127.0.0.1:{free_port()}", CHARGE, endless)
    assert [one[:12] for one in outcome.errors] == ["UNAVAILABLE:"]
    assert outcome.left_out == {"had no end": 1}
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr("meshdev.replaying.calls.find_spec", lambda _: None)
    assert not Calls(Recording(meta=Meta(name="r"), exchanges=(CHARGE,)))
