"""Calls of gRPC recorded, shown, and played without their server: as a user does it, with real clients."""

import json
from pathlib import Path
from typing import Any

import grpc
import pytest

from meshdev.recording.calls import call_status
from meshdev.recording.model import Recording
from meshdev.recording.protobuf.codec import Codecs
from meshdev.storage.recordings import Library
from meshdev.traffic.protocols.http2.grpc import Status
from support_calls import PROTOS, descriptors
from support_product import Product, eventually
from support_till_calls import till_at, topology

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PLANTED = {"api_token": "hunter2hunter2", "card": {"number": "4242424242424242", "cvv": 123, "holder": "Ada"}}
SECRETS = ("hunter2hunter2", "4242424242424242", "ses_9aK2mQ7xT4vB8nL1cD5e", "Zx81aQ9f8e7d6c5b4A3f2e1d0c")


def opened(product: Product, name: str) -> Recording:
    """A recording of the project."""
    return Library(product.root / ".meshdev" / "recordings").open(name)


def on_disk(folder: Path) -> bytes:
    """Everything that was written there, and what is in it unpacked."""
    recording = Library(folder.parent).open(folder.name)
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    told = [message.data for one in recording.exchanges for message in one.messages]
    return content + repr(recording).encode() + b"".join(told)


def buy(port: int) -> None:
    """A call of each sort."""
    with till_at(port) as till:
        metadata = (("x-api-token", SECRETS[-1]), ("x-tenant", "blue"))
        charged = till.charge("o-1", 1250, **PLANTED, metadata=metadata)
        assert charged.session_token == SECRETS[2]
        assert till.refusal(lambda: till.charge("o-2", -1))[:2] == (
            "FAILED_PRECONDITION",
            "not less than nothing ☃",
        )
        assert len(till.watch("o-1", 3)) == 3
        assert till.total(100, 250) == (2, 350)
        assert till.haggle(500, 800)[-1] == (800, "sold")


def shown(product: Product, name: str) -> list[dict[str, Any]]:
    """``record show --json``."""
    found: list[dict[str, Any]] = json.loads(product.run("record", "show", name, "--json").stdout)
    return found


def test_calls_are_recorded_by_name_and_without_secrets(product: Product, free_port: int) -> None:
    """Descriptors are asked of the server; messages are shown by name, what is secret reaches no disk."""
    product.write(topology(free_port))
    product.run("up", "--wait", timeout=120)
    product.run("record", "start", "day")
    buy(free_port)
    assert product.run("record", "stop", "day").stdout.startswith("day: 5 calls")
    recording = opened(product, "day")
    assert [(one.callee, one.endpoint) for one in recording.descriptors] == [("till", "grpc")]
    kept = on_disk(product.root / ".meshdev" / "recordings" / "day")
    assert [secret for secret in SECRETS if secret.encode() in kept] == []
    charge, refused, watch, total, haggle = shown(product, "day")
    (asked, _, answered) = charge["messages"]
    assert (asked["decoded"]["order_id"], asked["decoded"]["amount_cents"]) == ("o-1", "1250")
    assert asked["decoded"]["card"]["holder"] == "Ada"
    assert answered["decoded"]["state"] == "CHARGED"
    assert set(charge["redacted"]) >= {
        "message.0/api_token",
        "message.0/card/number",
        "message.0/card/cvv",
        "message.2/session_token",
        "request.header.x-api-token",
    }
    assert [one["decoded"] for one in watch["messages"] if not one["outgoing"]] == [
        {"order_id": "o-1"},
        {"number": 1, "order_id": "o-1"},
        {"number": 2, "order_id": "o-1"},
    ]
    assert [one["kind"] for one in total["messages"]] == ["binary", "binary", "close", "binary"]
    assert [one["decoded"]["word"] for one in haggle["messages"] if not one["outgoing"]][-1] == "sold"
    assert ["x-reason", "negative"] in refused["response"]["trailers"]
    assert call_status(recording.exchanges[1]) is Status.FAILED_PRECONDITION
    text = product.run("record", "show", "day", "2").stdout
    assert "FAILED_PRECONDITION: not less than nothing ☃" in text
    assert product.run("record", "show", "day", "--filter", "method~Watch").stdout.count("shop.Till") == 1
    assert (
        "has nothing but calls of gRPC"
        in product.run("record", "export", "day", "--to", "har", check=None).stderr
    )

    product.run("record", "save-last", "5m", "afterwards")
    again = shown(product, "afterwards")
    assert again[-5]["messages"][0]["decoded"] == asked["decoded"]


def test_protos_that_the_file_names(product: Product, free_port: int) -> None:
    """A server without reflection: its .proto files, or a set of descriptors, do as well; what is wrong is told."""
    (product.root / "protos").mkdir()
    (product.root / "protos" / "till.proto").write_bytes((PROTOS / "till.proto").read_bytes())
    silent = 'environment = { SILENT = "1" }\n'
    product.write(topology(free_port, silent + 'protos = ["protos/**/*.proto"]'))
    product.run("up", "--wait", timeout=120)
    for name in ("by-proto", "by-set", "unknown"):
        product.run("record", "start", name)
        buy(free_port)
        product.run("record", "stop", name)
        if name == "by-proto":
            (product.root / "protos" / "till.binpb").write_bytes(descriptors())
            product.write(topology(free_port, silent + 'protos = ["protos/till.binpb"]'))
        else:
            product.write(topology(free_port, silent))
        assert "restart" not in product.run("up", "--wait", timeout=60).stdout
    for name in ("by-proto", "by-set"):
        assert shown(product, name)[0]["messages"][0]["decoded"]["order_id"] == "o-1"
    unknown = shown(product, "unknown")[0]
    assert unknown["messages"][0]["decoded"]["1"] == "o-1"
    kept = on_disk(product.root / ".meshdev" / "recordings" / "unknown")
    assert [secret for secret in SECRETS[1:] if secret.encode() in kept] == []

    product.write(topology(free_port, silent + 'protos = ["protos/none.proto"]'))
    assert 'there is no file "protos/none.proto"' in product.run("check", check=None).stderr
    (product.root / "protos" / "till.proto").write_text("message {")
    product.write(topology(free_port, silent + 'protos = ["protos/till.proto"]'))
    product.run("up", "--wait", timeout=60)
    told = product.run("record", "start", "broken").stderr
    assert "till.proto:1:" in told
    assert "are recorded without names" in told
    product.run("record", "stop", "broken")


def test_a_server_that_comes_later_is_asked_then(product: Product, free_port: int) -> None:
    """The recording had begun before."""
    product.write(topology(free_port))
    product.run("up", "--wait", timeout=120)
    product.run("stop", "till")
    product.run("record", "start", "day")
    product.run("start", "till", timeout=60)
    folder = product.root / ".meshdev" / "recordings" / "day" / "descriptors" / "till" / "grpc.binpb"
    eventually(folder.exists)
    buy(free_port)
    product.run("record", "stop", "day")
    one = opened(product, "day")
    assert Codecs(one.descriptors).decode(one.exchanges[0], one.exchanges[0].messages[0])["order_id"] == "o-1"
    assert grpc.StatusCode.OK.value[0] == call_status(one.exchanges[0])
