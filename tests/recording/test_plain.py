"""An exchange as plain data says everything, and comes back the same."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.errors import RecordingError
from meshdev.recording.model import Body, Exchange, Message, Request, Response, Timing
from meshdev.recording.plain import exchange_of, plain

TEXT = st.text(max_size=8)
HEADERS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
COUNT = st.integers(0, 2**40)
BODY = st.builds(
    Body,
    data=st.binary(max_size=40),
    size=COUNT,
    pieces=st.lists(st.tuples(COUNT, COUNT), max_size=3).map(tuple),
)
EXCHANGE = st.builds(
    Exchange,
    started=st.floats(0, 2e9),
    request=st.builds(Request, method=TEXT, target=TEXT, headers=HEADERS, body=BODY),
    response=st.none() | st.builds(Response, status=st.integers(100, 599), headers=HEADERS, body=BODY),
    messages=st.lists(st.builds(Message, at=COUNT, data=st.binary(max_size=20)), max_size=3).map(tuple),
    timing=st.builds(Timing, send=st.none() | COUNT),
)


@given(EXCHANGE)
def test_plain_data_becomes_the_same_exchange(exchange: Exchange) -> None:
    """Through JSON, as the control API sends it."""
    assert exchange_of(json.loads(msgspec.json.encode(plain(exchange)))) == exchange


@pytest.mark.parametrize("told", [{}, {"request": None}, {"id": "1", "request": {"method": "GET"}}])
def test_what_is_no_exchange_is_refused(told: dict[str, object]) -> None:
    """By an error of ours."""
    with pytest.raises(RecordingError):
        exchange_of(told)
