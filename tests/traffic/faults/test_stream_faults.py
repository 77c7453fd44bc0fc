"""Faults on streams between two ends of the h2 library: whatever is done to one, both ends and all others agree."""

import random
from collections.abc import Mapping
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.faults.stream_faults import StreamFaults
from meshdev.traffic.faults.streams import plan_of_stream
from meshdev.traffic.protocols.http2.frames import PREFACE, Error, Frame, frame
from meshdev.traffic.protocols.http2.scanner import Http2Scanner
from support_faults import ON, edge_faults

CALL = [
    (":method", "POST"),
    (":scheme", "http"),
    (":authority", "bench"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
]
ABORT = {"grpc_status": "UNAVAILABLE", "match": {"path": "/a/abort"}}
DELAY = {"delay": "1s", "match": {"path": "/a/delay"}}
RESET = {"reset_stream": {"after": "500ms"}, "match": {"path": "/a/reset"}}
CUT = {"reset_stream": True, "match": {"path": "/a/cut"}}
STATUS = {"status": 503, "match": {"path": "/a/status"}}
ALL = (ABORT, DELAY, RESET, CUT, STATUS)


class World:
    """A caller, a callee that echoes, and who stands between, in simulated time.

    ``chunk`` cuts what is said into pieces. Nothing stands between until `stand`.
    """

    def __init__(
        self, *tables: Mapping[str, Any], chunk: int = 0, table_size: int = 4096, begin: bool = True
    ) -> None:
        self.now = ON
        self.caller = H2Connection(H2Configuration(client_side=True))
        self.callee = H2Connection(H2Configuration(client_side=False))
        self.scanner = Http2Scanner()
        self.between: StreamFaults | None = None
        self.seen: list[str] = []  # paths that reached the callee
        self.answers: dict[int, dict[str, Any]] = {}
        self._chunk = chunk
        self._faults = edge_faults(*tables)
        self._paths: dict[int, str] = {}
        for end in (self.caller, self.callee):
            end.initiate_connection()
            end.update_settings({SettingCodes.HEADER_TABLE_SIZE: table_size})
        if begin:
            self.pump()

    def stand(self) -> None:
        """From now on faults act."""
        self.between = StreamFaults(
            self.scanner, lambda request, now: plan_of_stream(self._faults, request, now), lambda *_: None
        )

    def ask(self, path: str, body: bytes = b"", *, ends: bool = True) -> int:
        """A call."""
        stream = self.caller.get_next_available_stream_id()
        self.answers[stream] = {"body": b"", "ended": False}
        self.caller.send_headers(stream, [(":path", path), *CALL, ("x-n", str(stream))], end_stream=False)
        self.caller.send_data(stream, body, end_stream=ends)
        return stream

    def pump(self) -> None:
        """Carry bytes until nobody says anything."""
        while True:
            asked, answered = self.caller.data_to_send(), self.callee.data_to_send()
            if not asked and not answered:
                return
            for piece in self._pieces(asked):
                self.scanner.asked(piece, self.now)
                if self.between is None:
                    self._to_callee(piece)
                else:
                    self.between.asked(piece, self.now)
                    self._flush()
            for piece in self._pieces(answered):
                if self.between is None:
                    self._to_caller(piece)
                else:
                    self.between.answered(piece, self.now)
                    self._flush()

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds
        if self.between is not None:
            self.between.advance(self.now)
            self._flush()
        self.pump()

    def _flush(self) -> None:
        assert self.between is not None
        assert not self.between.broken
        self._to_callee(self.between.to_callee())
        self._to_caller(self.between.to_caller())

    def _pieces(self, data: bytes) -> list[bytes]:
        size = self._chunk or len(data) or 1
        return [data[at : at + size] for at in range(0, len(data), size)]

    def _to_callee(self, data: bytes) -> None:
        for event in self.callee.receive_data(data) if data else ():
            self._serve(event)

    def _serve(self, event: Event) -> None:
        callee = self.callee
        if isinstance(event, RequestReceived):
            fields = {name.decode(): value.decode() for name, value in event.headers or ()}
            self._paths[event.stream_id or 0] = fields[":path"]
            self.seen.append(fields[":path"])
            answer = [(":status", "200"), ("content-type", "application/grpc"), ("x-n", fields["x-n"])]
            callee.send_headers(event.stream_id or 0, answer)
        elif isinstance(event, DataReceived) and event.stream_id is not None:
            if event.flow_controlled_length:
                callee.increment_flow_control_window(event.flow_controlled_length)
            callee.send_data(event.stream_id, event.data or b"")
        elif isinstance(event, StreamEnded) and event.stream_id is not None:
            callee.send_headers(event.stream_id, [("grpc-status", "0")], end_stream=True)

    def _to_caller(self, data: bytes) -> None:
        if not data:
            return
        self.scanner.answered(data, self.now)
        for event in self.caller.receive_data(data):
            stream = getattr(event, "stream_id", None) or 0
            answer = self.answers.get(stream, {})
            if isinstance(event, ResponseReceived | TrailersReceived):
                answer.update({name.decode(): value.decode() for name, value in event.headers or ()})
            elif isinstance(event, DataReceived):
                answer["body"] += event.data or b""
                if event.flow_controlled_length:
                    self.caller.increment_flow_control_window(event.flow_controlled_length)
            elif isinstance(event, StreamEnded):
                answer["ended"] = True
            elif isinstance(event, StreamReset) and not answer["ended"]:
                answer["reset"] = event.error_code


@pytest.mark.parametrize("chunk", [0, 1, 7])
@pytest.mark.parametrize("table_size", [0, 100, 4096, 65536])
def test_every_fault_hits_its_stream_only(chunk: int, table_size: int) -> None:
    """Each kind at once, among calls that pass, whatever the tables may hold and however bytes are cut."""
    world = World(*ALL, chunk=chunk, table_size=table_size)
    first = world.ask("/a/open", b"before", ends=False)
    world.pump()
    world.stand()
    streams = {
        path: world.ask(f"/a/{path}", path.encode()) for path in ("abort", "delay", "reset", "cut", "status")
    }
    passed = [world.ask("/a/pass", b"%d" % number) for number in range(3)]
    world.caller.send_data(first, b" and after", end_stream=True)
    world.pump()
    assert world.answers[first]["body"] == b"before and after"
    for number, stream in enumerate(passed):
        answer = world.answers[stream]
        assert (answer["body"], answer["grpc-status"], answer["x-n"]) == (b"%d" % number, "0", str(stream))
    assert world.answers[streams["abort"]]["grpc-status"] == "14"
    assert world.answers[streams["abort"]]["x-meshdev-fault"] == "a/grpc-status"
    assert world.answers[streams["status"]][":status"] == "503"
    assert b'"fault":"e/status"' in world.answers[streams["status"]]["body"]
    assert world.answers[streams["cut"]]["reset"] == Error.INTERNAL_ERROR
    assert world.answers[streams["delay"]] == {"body": b"", "ended": False}
    world.wait(1.0)
    assert world.answers[streams["delay"]]["body"] == b"delay"
    assert "/a/abort" not in world.seen
    assert "/a/cut" not in world.seen
    assert not world.scanner.gave_up
    assert world.scanner.waiting() == 0


def test_nothing_is_answered_before_the_callee_has_begun() -> None:
    """A connection's first frame is SETTINGS, whoever answers the first call."""
    world = World(ABORT, begin=False)
    world.stand()
    stream = world.ask("/a/abort", b"first")
    asked = world.caller.data_to_send() or b""
    world.scanner.asked(asked, world.now)
    assert world.between is not None
    world.between.asked(asked, world.now)
    assert world.between.to_caller() == b""
    world._to_callee(world.between.to_callee())
    world.pump()
    assert world.answers[stream]["grpc-status"] == "14"


def test_a_stream_is_reset_while_it_is_answered() -> None:
    """Both ends are told; what either still says on it goes nowhere, and uses up no window."""
    world = World(RESET)
    world.stand()
    stream = world.ask("/a/reset", b"x" * 1000, ends=False)
    world.pump()
    assert world.answers[stream]["body"] == b"x" * 1000
    callee_stream = max(world._paths)
    world.callee.send_data(callee_stream, b"late" * 1000)
    world.caller.send_data(stream, b"y" * 1000)
    late = world.callee.data_to_send() or b""
    world.wait(0.5)
    assert world.answers[stream]["reset"] == Error.INTERNAL_ERROR
    assert world.between is not None
    world.between.answered(late, world.now)
    world._flush()
    world.pump()
    assert world.callee.outbound_flow_control_window == 65535
    assert world.ask("/a/pass", b"z")
    world.pump()
    assert world.answers[stream + 2]["body"] == b"z"


@pytest.mark.parametrize("path", ["abort", "status", "delay"])
def test_windows_are_what_they_were(path: str) -> None:
    """Hundreds of uploads to faults and answers from them: the connection's windows at both ends are whole."""
    world = World(*ALL)
    world.stand()
    for _ in range(100):
        world.ask(f"/a/{path}", b"u" * 600)
        world.pump()
        world.wait(1.0)
    assert world.caller.outbound_flow_control_window == 65535
    for _ in range(5):
        stream = world.ask("/a/pass", b"w" * 10_000)
        world.pump()
        assert world.answers[stream]["body"] == b"w" * 10_000
    assert world.callee.outbound_flow_control_window == 65535


def test_a_delayed_stream_that_is_cancelled_never_goes_on() -> None:
    """What it has sent is given back."""
    world = World(DELAY)
    world.stand()
    stream = world.ask("/a/delay", b"v" * 500)
    world.pump()
    world.caller.reset_stream(stream, Error.CANCEL)
    world.pump()
    world.wait(2.0)
    assert not world.seen
    assert world.caller.outbound_flow_control_window == 65535
    assert world.between is not None
    assert world.between.deadline() is None


def test_going_away_is_told_in_the_callers_numbers() -> None:
    """Streams that the callee will not look at are refused, those that wait among them; the others end well."""
    world = World(DELAY)
    world.stand()
    waits = world.ask("/a/delay", b"1")
    passes = world.ask("/a/pass", b"2", ends=False)
    world.pump()
    world.callee.close_connection(last_stream_id=passes)
    goodbye = world.callee.data_to_send() or b""
    assert world.between is not None
    world.between.answered(goodbye, world.now)
    told = world.between.to_caller()
    assert frame(Frame.RST_STREAM, 0, waits, (7).to_bytes(4, "big")) in told
    assert told[9:13] == passes.to_bytes(4, "big")
    world.wait(2.0)
    assert world.seen == ["/a/pass"]


def test_a_caller_is_sent_away_and_what_is_open_goes_on() -> None:
    """It is told once that the connection will go; what it still opens before it hears of that is answered."""
    world = World()
    opened = world.ask("/a/open", b"1", ends=False)
    world.pump()
    world.stand()
    late = world.ask("/a/late", b"2")
    said = world.caller.data_to_send() or b""
    assert world.between is not None
    world.between.leave()
    world.between.leave()
    assert world.between.to_caller() == frame(Frame.GOAWAY, 0, 0, b"\x7f\xff\xff\xff" + bytes(4))
    world.scanner.asked(said, world.now)
    world.between.asked(said, world.now)
    world._flush()
    world.caller.send_data(opened, b"3", end_stream=True)
    world.pump()
    assert world.answers[opened]["body"] == b"13"
    assert world.answers[late]["body"] == b"2"


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), chunk=st.integers(0, 40))
def test_any_mix_in_any_cut_ends_as_it_should(seed: int, chunk: int) -> None:
    """Calls of all kinds in any order, in pieces, with time passing: both ends stay in step, every call ends right."""
    dice = random.Random(seed)
    world = World(*ALL, chunk=chunk)
    expected: dict[int, str] = {}
    stand = dice.randrange(6)
    for step in range(12):
        if step == stand:
            world.pump()
            world.stand()
        kind = dice.choice(["abort", "delay", "reset", "cut", "status", "pass", "pass"])
        stream = world.ask(f"/a/{kind}", kind.encode() * dice.randrange(60))
        expected[stream] = "pass" if step < stand else kind
        if dice.random() < 0.6:
            world.pump()
        if dice.random() < 0.3:
            world.wait(0.3)
    world.pump()
    world.wait(5.0)
    for stream, kind in expected.items():
        answer = world.answers[stream]
        match kind:
            case "abort":
                assert answer["grpc-status"] == "14"
            case "status":
                assert answer[":status"] == "503"
            case "cut":
                assert answer["reset"] == Error.INTERNAL_ERROR
            case _:  # what is to be reset is answered before
                assert (answer["grpc-status"], answer["x-n"]) == ("0", str(stream))
    assert not world.scanner.gave_up
    assert world.scanner.waiting() == 0
    assert world.between is None or not world.between._calls
    assert world.caller.outbound_flow_control_window == 65535
    assert world.callee.outbound_flow_control_window == 65535


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=120))), st.integers(0, 30))
def test_arbitrary_bytes_never_raise(said: list[tuple[bool, bytes]], before: int) -> None:
    """Behind the preface, anything, joined anywhere: it passes, or it is broken and says so."""
    scanner = Http2Scanner()
    between: StreamFaults | None = None
    faults = edge_faults(*ALL)
    for number, (asked, data) in enumerate([(True, PREFACE), *said]):
        if number == before:
            between = StreamFaults(
                scanner, lambda request, now: plan_of_stream(faults, request, now), lambda *_: None
            )
        (scanner.asked if asked else scanner.answered)(data, ON)
        if between is not None:
            (between.asked if asked else between.answered)(data, ON)
            between.to_callee()
            between.to_caller()


def test_the_library_would_notice() -> None:
    """The ends of these tests are strict: a head left out is an error at once."""
    world = World()
    world.ask("/a/pass", b"")
    data = world.caller.data_to_send() or b""
    world.callee.receive_data(data)
    world.caller.send_headers(3, [(":path", "/left/out"), *CALL, ("x-left", "out")], end_stream=True)
    world.caller.data_to_send()
    world.caller.send_headers(5, [(":path", "/left/out"), *CALL, ("x-left", "out")], end_stream=True)
    with pytest.raises(ProtocolError):
        world.callee.receive_data(world.caller.data_to_send() or b"")
