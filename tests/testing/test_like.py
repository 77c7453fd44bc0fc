"""Values that change from call to call, and how an answer that differs is told."""

import pytest

from meshdev.testing import like
from meshdev.testing.plugin import pytest_assertrepr_compare

UUID = "7d8a5f6e-0c1b-4f7e-9a39-1f2e3d4c5b6a"


@pytest.mark.parametrize(
    ("shape", "values", "others"),
    [
        (like.uuid, [UUID, UUID.upper(), UUID.replace("-", "")], ["", 3, None, UUID[1:]]),
        (like.timestamp, ["2026-01-01T10:00:00Z", "2026-01-01", "2026-01-01 10:00:00.5+02:00",
                          "Wed, 21 Oct 2026 07:28:00 GMT"], ["yesterday", 1_764_300_000]),
        (like.text, ["", "a"], [None, 3]),
        (like.number, [0, 1.5], [True, "1", None]),
        (like.anything, [None, 3, "a", []], []),
        (like.items(2, first={"id": like.uuid}), [[{"id": UUID}, 3]], [[{"id": UUID}], [3, 3], "ab", None]),
        (like.items(0, first=None), [[]], [[1]]),
    ],
    ids=repr,
)  # fmt: skip
def test_shapes_are_equal_to_what_has_them(shape: object, values: list[object], others: list[object]) -> None:
    """On either side, and to nothing else."""
    for value in values:
        assert value == shape
        assert shape == value
    for value in others:
        assert value != shape


def test_they_are_shown_by_name() -> None:
    """As they stand in a test."""
    assert repr({"id": like.uuid, "all": like.items(3, first=like.number)}) == (
        "{'id': like.uuid, 'all': like.items(3, first=like.number)}"
    )


def test_a_difference_is_told_by_its_place() -> None:
    """What is another, what is missing, what is too much, lists of another length; noise is not mentioned."""
    expected = {
        "id": like.uuid,
        "lines": [{"sku": "tea"}, {"sku": "mug"}],
        "all": like.items(3, first={"n": like.number}),
        "few": like.items(2, first=1),
        "gone": 1,
    }
    actual = {"id": UUID, "lines": [{"sku": "jug"}], "all": [{"n": "x"}], "few": [], "new": True}

    assert list(like.differences(actual, expected)) == [
        "$.lines: has 1 items, expected 2",
        "$.lines[0].sku: is 'jug', expected 'tea'",
        "$.all: has 1 items, expected 3",
        "$.all[0].n: is 'x', expected like.number",
        "$.few: is [], expected like.items(2, first=1)",
        "$.gone: is missing, expected 1",
        "$.new: is True, expected nothing here",
    ]


def test_the_plugin_tells_it_where_a_test_expects_shapes() -> None:
    """Other comparisons are pytest's own business."""
    told = pytest_assertrepr_compare("==", {"a": UUID, "b": 1}, {"a": like.uuid, "b": 2})

    assert told == ["the answer is as expected, but for:", "$.b: is 1, expected 2"]
    assert pytest_assertrepr_compare("==", {"a": 1}, {"a": [2]}) is None
    assert pytest_assertrepr_compare("!=", 1, like.number) is None
