"""Noise put aside, and what may stand in its place."""

import pytest

from meshdev.recording.matching.mask import Accepts, Leaf, leaf_of, mask, trie_of
from meshdev.recording.matching.parts import split
from meshdev.recording.matching.shape import Scalar

UUID = "7d44d04b-1a3a-4e5c-9bc8-57a1f6c4a4f1"
OTHER = "0d464138-a623-4256-8b1e-1a3a4e5c9bc8"


@pytest.mark.parametrize(
    ("recorded", "taken", "refused"),
    [
        ([UUID], [OTHER], ["a8f3k2", "", 17, None, True]),
        (
            ["9f86d081884c7d65"],
            ["0123456789abcdef", "9f86d081884c7d65aa"],
            ["9f8", "two words here!!", "ä" * 16, 5],
        ),
        (["483920117"], ["1", "2.5"], ["one", 17]),
        ([483_920_117], [12], ["12", True]),
        (["2026-09-21T14:13:20Z"], ["2026-09-22T00:00:00Z"], ["2020-01-01T00:00:00Z", "1790000000", "now"]),
        ([1_790_000_000_000], [1_790_000_500_000], [1_690_000_000_000, 17, "1790000500000"]),
        (["go", UUID], ["anything"], [7, ""]),
    ],
)
def test_what_may_stand(recorded: list[Scalar], taken: list[Scalar], refused: list[Scalar]) -> None:
    """Values of the same kind, times not before the recording."""
    leaf = leaf_of(("b", "x"), recorded, 1_790_000_000.0)
    assert [True] * len(taken) == [leaf.takes(value) for value in taken]
    assert [False] * len(refused) == [leaf.takes(value) for value in refused]


def test_secrets_take_any_text() -> None:
    """What was recorded is a placeholder."""
    leaf = leaf_of(("b", "password"), [], 0.0, Accepts.SECRET)
    assert [leaf.takes(value) for value in ("s3cret", 1234, "", None)] == [True, True, False, False]


def test_masking_keeps_the_order_of_places() -> None:
    """Equal requests give their noise in the same order, however they were written."""
    trie = trie_of(
        [
            leaf_of(place, [UUID], 0.0)
            for place in (("q", "n"), ("b", "a", "*", "id"), ("b", "ref"), ("b", "l", "*"))
        ]
    )
    one = split(
        "POST",
        f"/?x=1&n={UUID}",
        {},
        f'{{"ref":"{OTHER}","a":[{{"id":"{UUID}"}},{{"id":"{OTHER}"}}],"l":["{UUID}"]}}'.encode(),
    )
    other = split(
        "POST",
        f"/?n={UUID}&x=1",
        {},
        f'{{"l":["{UUID}"],"a":[{{"id":"{UUID}"}},{{"id":"{OTHER}"}}],"ref":"{OTHER}"}}'.encode(),
    )
    found = [mask(parts.tree, trie) for parts in (one, other)]
    assert found[0] == found[1]
    assert one.key() == other.key()
    assert len(found[0]) == 5


def test_several_values_of_one_name() -> None:
    """Each is masked."""
    trie = trie_of([leaf_of(("q", "n"), [UUID], 0.0)])
    parts = split("GET", f"/?n={UUID}&n={OTHER}", {}, b"")
    assert [value for _, value in mask(parts.tree, trie)] == [UUID, OTHER]


def test_what_does_not_fit_stays() -> None:
    """An object in the place of a value, and a value of another kind, are data."""
    trie = trie_of([leaf_of(("b", "id"), [UUID], 0.0)])
    for body in (b'{"id":{"x":1}}', b'{"id":"17"}', b'["id"]'):
        parts = split("POST", "/", {}, body)
        before = parts.key()
        assert mask(parts.tree, trie) == []
        assert before == parts.key()


def test_a_whole_place() -> None:
    """A person may call an object noise; a place above another one wins."""
    whole = Leaf(("b", "meta"), Accepts.ANY, "\0whole", whole=True)
    trie = trie_of([leaf_of(("b", "meta", "id"), [UUID], 0.0), whole])
    keys = set()
    for body in (b'{"meta":{"id":1,"z":[2]},"a":1}', b'{"a":1,"meta":7}'):
        parts = split("POST", "/", {}, body)
        mask(parts.tree, trie)
        keys.add(parts.key())
    assert len(keys) == 1
