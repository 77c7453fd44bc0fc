"""Bodies that are too large to hold: cut anywhere, the secrets are found, the rest comes out as it went in."""

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.recording.redaction import Redactor, leaks
from meshdev.recording.redaction.stream import BLOCK, REACH
from support_secrets import EVIDENT, JWT, PEM


def streamed(data: bytes, cuts: list[int]) -> bytes:
    """The data through a stream, in pieces."""
    stream = Redactor(key=b"key").stream()
    borders = [0, *sorted(cuts), len(data)]
    return b"".join([*(stream.feed(data[start:end]) for start, end in pairwise(borders)), stream.end()])


def filler(length: int) -> bytes:
    """Text in which there is nothing."""
    return (b"The quick brown fox jumps over the lazy dog, 42 times. " * (length // 50 + 1))[:length]


@pytest.mark.parametrize(
    "lead", [0, 1, *range(BLOCK - 900, BLOCK + 100, 111), BLOCK + REACH - 20, 2 * BLOCK - 300]
)
def test_secrets_across_a_border(lead: int) -> None:
    """Wherever the borders of the blocks are: as if all had been looked at at once."""
    named = json.dumps({"password": "wonderland", "token": "2YotnFZFEjr1zCsicMWpAA"})
    data = (
        filler(lead)
        + b"\n"
        + "\n".join([JWT, PEM, named, EVIDENT["stripe"], "4111111111111111", "end"]).encode()
        + filler(BLOCK)
    )
    made = streamed(data, [lead + 10, lead + 500])
    assert (
        leaks(made, [JWT, PEM, "wonderland", "2YotnFZFEjr1zCsicMWpAA", EVIDENT["stripe"], "4111111111111111"])
        == []
    )
    assert made == Redactor(key=b"key").data(data)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 300_000), max_size=6))
def test_cut_anywhere(cuts: list[int]) -> None:
    """The pieces in which it comes do not matter."""
    secrets = [f"ghp_{number:036x}" for number in range(40)]
    draw = random.Random(7)
    data = b"".join(filler(draw.randrange(12_000)) + f" {secret} ".encode() for secret in secrets)
    made = streamed(data, [cut % (len(data) + 1) for cut in cuts])
    assert leaks(made, secrets) == []
    assert len(made) == len(data)


def test_bytes_pass_unchanged() -> None:
    """All byte values, and memory that does not grow with the body."""
    data = bytes(range(256)) * 4000
    assert streamed(data, list(range(0, len(data), 9973))) == data
    stream = Redactor(key=b"key").stream()
    for _ in range(100):
        stream.feed(b"x" * 50_000)
    assert len(stream._waiting) + len(stream._before) <= BLOCK + 2 * REACH + 50_000
