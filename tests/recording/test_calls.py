"""Calls of gRPC among the exchanges: how they ended, how they are seen, told and left out."""

import pytest
from msgspec.structs import replace

from meshdev.cli.record.lines import details, line
from meshdev.recording.calls import call_message, call_status, is_whole
from meshdev.recording.formats import FORMATS, import_, written
from meshdev.recording.model import Body, Cut, Exchange, Meta, Recording, Request, Response
from meshdev.recording.plain import exchange_of, plain
from meshdev.recording.protobuf.codec import Codecs
from meshdev.recording.view import view_of
from meshdev.replaying.chosen import chosen
from meshdev.traffic.protocols.http2.grpc import Status
from support_calls import a_call, encoded, known

CHARGE = a_call(
    "Charge",
    (encoded("ChargeRequest", order_id="o-1", amount_cents="1250"),),
    (encoded("Charged", id="ch-1", state="CHARGED"),),
)
REFUSED = a_call("Charge", (b"",), (), status=9, message="not%20today %E2%98%83")


def test_how_a_call_ended() -> None:
    """As its callee told, or as its caller must have seen it."""
    assert (call_status(CHARGE), call_message(CHARGE)) == (Status.OK, "")
    assert (call_status(REFUSED), call_message(REFUSED)) == (Status.FAILED_PRECONDITION, "not today ☃")
    only_head = replace(REFUSED, response=Response(200, headers=(("grpc-status", "5"),)))
    assert call_status(only_head) is Status.NOT_FOUND
    cancelled = replace(CHARGE, response=None, error="caller-reset")
    assert call_status(cancelled) is Status.CANCELLED
    request = replace(CHARGE.request, headers=(("grpc-timeout", "5m"),))
    assert call_status(replace(cancelled, request=request)) is Status.DEADLINE_EXCEEDED
    assert call_status(replace(cancelled, error="callee-reset")) is Status.UNAVAILABLE
    assert call_status(replace(CHARGE, response=Response(503))) is Status.UNAVAILABLE


def test_a_call_is_seen_as_an_operation() -> None:
    """The same filters hold that are used on what passes."""
    view = view_of(REFUSED)
    assert (view.method, view.protocol, view.status, view.code) == (
        "shop.Till/Charge",
        "grpc",
        400,
        "FAILED_PRECONDITION",
    )
    assert (view_of(CHARGE).messages_in, view_of(CHARGE).messages_out) == (1, 1)
    assert view_of(CHARGE).bytes_in == len(CHARGE.messages[0].data)


def test_messages_are_shown_by_name_where_names_are_known() -> None:
    """And by their fields' numbers where they are not; all of it is in the plain form, and comes back."""
    named = "\n".join(details(CHARGE, Codecs(known()).decode))
    assert '→ {"order_id":"o-1","amount_cents":"1250"}' in named
    assert '← {"id":"ch-1","state":"CHARGED"}' in named
    assert '← {"1":"ch-1","3":1}' in "\n".join(details(CHARGE))
    assert "FAILED_PRECONDITION: not today ☃" in "\n".join(details(REFUSED))
    assert "FAILED_PRECONDITION" in line(REFUSED)
    told = plain(CHARGE, Codecs(known()).decode)
    assert told["messages"][0]["decoded"] == {"order_id": "o-1", "amount_cents": "1250"}
    assert exchange_of(told) == CHARGE


def test_what_is_not_whole_says_so() -> None:
    """A message that was cut, and how much more there was."""
    cut = replace(
        CHARGE,
        messages=(replace(CHARGE.messages[0], data=b"", cut=Cut.OPAQUE), *CHARGE.messages[1:]),
        response=replace(CHARGE.response or Response(200), body=Body(size=5000, cut=Cut.CAP)),
    )
    assert not is_whole(cut)
    assert is_whole(CHARGE)
    text = "\n".join(details(cut))
    assert "cannot be undone" in text
    assert "5000 bytes are missing), of what the callee said" in text


@pytest.mark.parametrize("name", FORMATS)
def test_other_formats_leave_calls_out_and_say_so(name: str) -> None:
    """Everything else is in there."""
    get = Exchange("2", 0.0, 1, "a", "till", Request("GET", "/x"), Response(200), protocol="http2")
    recording = Recording(meta=Meta(name="both"), exchanges=(CHARGE, get, REFUSED))
    made = written(recording, name)
    assert made.notes[0].startswith("2 calls of gRPC left out")
    assert "2 calls" not in "".join(made.notes[1:])
    assert made.files
    assert b"shop.Till" not in b"".join(made.files.values())
    if name == "har":
        (back,) = import_(made.files, "har").exchanges
        assert back.protocol == "http2"


def test_calls_are_counted_where_they_cannot_be_sent_again() -> None:
    """Among others that can."""
    get = Exchange("2", 0.0, 1, "a", "till", Request("GET", "/x"), Response(200))
    recording = Recording(meta=Meta(name="both"), exchanges=(CHARGE, get, REFUSED))
    assert chosen(recording, "till").left_out == (
        ("are calls of gRPC (pip install 'meshdev[grpc]' sends them)", 2),
    )
