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
from support_mesh import free_port as unused_port
from support_npm import npm_package
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


def test_a_recording_plays_the_service_and_its_clients_notice_nothing(
    product: Product, free_port: int
) -> None:
    """Calls of every sort without the server; what was not recorded is a miss that says why, here and in the log."""
    product.write(topology(free_port))
    product.run("up", "--wait", timeout=120)
    product.run("record", "start", "day")
    buy(free_port)
    product.run("record", "stop", "day")
    product.run("swap", "till", "--with", "recording:day", timeout=60)
    assert product.status()["till"]["stand_in"]
    with till_at(free_port) as till:
        metadata = (("x-api-token", SECRETS[-1]), ("x-tenant", "blue"))
        charged, call = till.stub.Charge.with_call(
            till.till.ChargeRequest(order_id="o-1", amount_cents=1250, **PLANTED),
            metadata=metadata,
            timeout=20,
        )
        assert (charged.order_id, charged.amount_cents, charged.state) == ("o-1", 1250, 1)
        assert dict(call.initial_metadata())["x-till"] == "7"
        assert len(charged.session_token) == len(SECRETS[2])
        assert charged.session_token != SECRETS[2]
        code, details, trailers = till.refusal(lambda: till.charge("o-2", -1))
        assert (code, details) == ("FAILED_PRECONDITION", "not less than nothing ☃")
        assert trailers["x-reason"] == "negative"
        assert till.watch("o-1", 3) == [(0, "o-1"), (1, "o-1"), (2, "o-1")]
        assert till.total(100, 250) == (2, 350)
        assert till.haggle(500, 800)[-1] == (800, "sold")
        code, details, trailers = till.refusal(lambda: till.charge("o-1", 99))
        assert code == "FAILED_PRECONDITION"
        assert "no match" in details
        assert "body/amount_cents" in details
        assert trailers["x-meshdev-reason"] == "no-match"
        assert till.refusal(lambda: till.haggle(500, 801))[0] == "FAILED_PRECONDITION"
        nope = till.channel.unary_unary("/shop.Till/Nope")
        assert till.refusal(lambda: nope(b"", timeout=20))[0] == "UNIMPLEMENTED"
        health = till.channel.unary_unary("/grpc.health.v1.Health/Check")
        assert health(b"", timeout=20) == b"\x08\x01"
    log = product.run("logs", "till").stdout
    assert "no match: shop.Till/Charge" in log
    assert not [secret for secret in SECRETS if secret in log]

    product.run("record", "start", "played")  # a stand-in has reflection, too
    with till_at(free_port) as till:
        till.total(100, 250)
    product.run("record", "stop", "played")
    assert shown(product, "played")[0]["messages"][0]["decoded"] == {"sku": "s-100", "cents": 100}
    product.run("swap", "till", "--with", "file", timeout=60)
    buy(free_port)


def test_misses_are_passed_on_and_recorded(product: Product, free_port: int) -> None:
    """The real one answers what is not there, and the next stand-in knows it."""
    other = unused_port()
    real = """
[services.real]
command = "@python@ -u @programs@/till_server.py"
protocol = "grpc"
ports = ["@other@:grpc"]
healthcheck = { grpc = "", interval = "200ms", retries = 1 }
""".replace("@other@", str(other))
    product.write(topology(free_port, real))
    product.run("up", "--wait", timeout=120)
    product.run("record", "start", "day", "--service", "till")
    with till_at(free_port) as till:
        assert till.total(100, 250) == (2, 350)
    product.run("record", "stop", "day")
    url = f"http://127.0.0.1:{other}"
    product.run("swap", "till", "--with", "recording:day", "--on-miss", "record", "--url", url, timeout=60)
    with till_at(free_port) as till:
        assert till.total(1, 2, 3) == (3, 6)
        assert till.charge("o-1", 5, **PLANTED).state == 1
        assert till.refusal(lambda: till.charge("o-2", -1))[0] == "FAILED_PRECONDITION"
        assert till.haggle(500, 800)[-1] == (800, "sold")
    product.run("stop", "real")
    with till_at(free_port) as till:
        assert till.refusal(lambda: till.total(7))[0] == "UNAVAILABLE"
    kept = on_disk(product.root / ".meshdev" / "recordings" / "day-new")
    assert [secret for secret in SECRETS if secret.encode() in kept] == []
    product.run("swap", "till", "--with", "recording:day,day-new", timeout=60)
    with till_at(free_port) as till:
        assert till.total(1, 2, 3) == (3, 6)
        assert till.total(100, 250) == (2, 350)
        assert till.charge("o-1", 5, **PLANTED).order_id == "o-1"
        assert till.haggle(500, 800)[-1] == (800, "sold")
        assert till.refusal(lambda: till.total(7))[0] == "FAILED_PRECONDITION"


NODE = """
[services.node]
command = "node @programs@/grpc_node.mjs call TILL"
protocol = "none"
calls = ["till"]
environment = { GRPC_JS = "@grpc_js@" }
"""


def test_node_is_played_to_as_well(product: Product, free_port: int) -> None:
    """`@grpc/grpc-js` and messages of which nobody knows anything: calls and streams, out of the recording alone."""
    text = topology(free_port, NODE).replace("till_server.py", "grpc_server.py")
    product.write(text.replace("@grpc_js@", str(npm_package("@grpc/grpc-js"))))
    product.run("up", "--wait", timeout=120)

    def said() -> list[str]:
        return product.run("logs", "node").stdout.splitlines()

    eventually(lambda: any("OK DATA_LOSS 40" in one for one in said()), 60)
    product.run("record", "start", "day", "--edge", "node -> till")
    before = len(said())
    eventually(lambda: len(said()) > before + 2, 60)
    product.run("record", "stop", "day")
    product.run("stop", "till")
    product.run("swap", "till", "--with", "recording:day", timeout=60)
    product.run("start", "till", timeout=60)
    before = len(said())  # the first ones may have been asked while nobody was there

    def well() -> bool:
        lines = said()
        return len(lines) > before + 8 and all("OK DATA_LOSS 40" in one for one in lines[-4:])

    eventually(well, 60, lambda: "\n".join(said()[before:]))
    assert "no match" not in product.run("logs", "till").stdout


def test_a_recording_is_verified_and_sent_again(product: Product, free_port: int) -> None:
    """Against the live service: true as long as it answers alike, with the place when it does not."""
    product.write(topology(free_port))
    product.run("up", "--wait", timeout=120)
    product.run("record", "start", "day")
    buy(free_port)
    product.run("record", "stop", "day")
    told = product.run("record", "verify", "day").stdout
    assert "5 answers compared, all as recorded" in told
    assert "5 requests to" in product.run("replay", "day", "--to", "till", "--speed", "x10").stdout
    product.write(topology(free_port, 'environment = { SOLD = "gone" }'))
    product.run("up", "--wait", timeout=60)
    told = product.run("record", "verify", "day", check=1).stdout
    assert 'body/messages/*/word: expected "sold", got "gone"' in told
