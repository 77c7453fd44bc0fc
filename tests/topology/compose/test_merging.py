"""Several files as one: Compose's rules of merging, and what is always true of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.errors import Where
from meshdev.topology.compose.merging import merge, without_tags
from meshdev.topology.compose.nodes import Node, Report, Tag, built, plain
from support_topology import CALM

HERE = Where("compose.yml", 1)


def merged(base: dict[str, Any], over: dict[str, Any]) -> Any:
    """One service of two files."""
    report = Report()
    made = merge(built({"services": {"a": base}}, HERE), built({"services": {"a": over}}, HERE), report)
    assert made is not None
    assert report.problems == []
    return plain(made)["services"]["a"]


@pytest.mark.parametrize(
    ("base", "over", "expected"),
    [
        ({"image": "a"}, {"image": "b"}, {"image": "b"}),
        ({"image": "a"}, {"image": None}, {"image": "a"}),
        ({"environment": {"A": "1", "B": "1"}}, {"environment": {"B": None}}, {"environment": {"A": "1", "B": None}}),
        ({"command": ["a", "b"]}, {"command": ["c"]}, {"command": ["c"]}),
        ({"command": ["a", "b"]}, {"command": "c d"}, {"command": "c d"}),
        ({"entrypoint": ["a"]}, {"entrypoint": None}, {"entrypoint": None}),
        ({"healthcheck": {"test": ["CMD", "a"], "retries": 1}}, {"healthcheck": {"test": ["CMD"]}},
         {"healthcheck": {"test": ["CMD"], "retries": 1}}),
        ({"dns": ["1"]}, {"dns": ["2", "1"]}, {"dns": ["1", "2"]}),
        ({"volumes": [{"type": "volume", "source": "a", "target": "/x"}]},
         {"volumes": [{"type": "volume", "source": "b", "target": "/x"}, {"type": "volume", "target": "/y"}]},
         {"volumes": [{"type": "volume", "source": "b", "target": "/x"}, {"type": "volume", "target": "/y"}]}),
        ({"volumes": [{"type": "bind", "source": "/a", "target": "/x", "bind": {"selinux": "z"}}]},
         {"volumes": [{"type": "tmpfs", "target": "/x"}]},
         {"volumes": [{"type": "tmpfs", "target": "/x"}]}),
        ({"ports": [{"target": 80, "published": "8080"}]},
         {"ports": [{"target": 80, "published": "8080", "protocol": "tcp"}, {"target": 80, "published": "8081"}]},
         {"ports": [{"target": 80, "published": "8080", "protocol": "tcp"}, {"target": 80, "published": "8081"}]}),
        ({"secrets": [{"source": "a"}]}, {"secrets": [{"source": "a", "target": "/run/secrets/a", "mode": 1}]},
         {"secrets": [{"source": "a", "target": "/run/secrets/a", "mode": 1}]}),
        ({"devices": ["/a:/b"]}, {"devices": ["/c:/b:r"]}, {"devices": ["/c:/b:r"]}),
        ({"logging": {"driver": "a", "options": {"x": "1"}}}, {"logging": {"driver": "b", "options": {"y": "1"}}},
         {"logging": {"driver": "b", "options": {"y": "1"}}}),
        ({"logging": {"driver": "a", "options": {"x": "1"}}}, {"logging": {"options": {"y": "1"}}},
         {"logging": {"driver": "a", "options": {"x": "1", "y": "1"}}}),
        ({"networks": {"a": {"aliases": ["x"]}}}, {"networks": {"a": {"aliases": ["y"]}, "b": {}}},
         {"networks": {"a": {"aliases": ["x", "y"]}, "b": {}}}),
    ],
)  # fmt: skip
def test_the_rules(base: dict[str, Any], over: dict[str, Any], expected: dict[str, Any]) -> None:
    """Key by key, and the exceptions."""
    assert expected == merged(base, over)


def test_reset_and_override() -> None:
    """A tag takes away, or takes the place."""
    reset = Node(None, HERE, Tag.RESET)
    instead = Node((Node("z", HERE),), HERE, Tag.OVERRIDE)
    over = {"ports": reset, "dns": instead, "environment": {"A": reset, "C": "3"}}
    base = {"ports": [{"target": 1}], "dns": ["a"], "environment": {"A": "1", "B": "2"}}
    assert merged(base, over) == {"dns": ["z"], "environment": {"B": "2", "C": "3"}}


def test_a_tag_in_the_first_file_means_what_it_leaves() -> None:
    """Where nothing was before, a reset is nothing and an override is its value."""
    node = built({"a": Node("x", HERE, Tag.RESET), "b": Node("y", HERE, Tag.OVERRIDE)}, HERE)
    made = without_tags(node)
    assert made is not None
    assert plain(made) == {"b": "y"}


def test_another_kind_of_value_is_a_problem() -> None:
    """A list over a mapping is told with both places; the first stays."""
    report = Report()
    made = merge(built({"a": {"b": 1}}, Where("x", 1)), built({"a": [1]}, Where("y", 2)), report)
    assert made is not None
    assert plain(made) == {"a": {"b": 1}}
    assert list(map(str, report.problems)) == [
        "y:2: a: another kind of value than at x:1\n  !override replaces it"
    ]


_scalars = st.one_of(st.text(max_size=3), st.integers(0, 9), st.booleans())
TREES = st.recursive(
    _scalars, lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3), max_leaves=12
).filter(lambda it: isinstance(it, dict))


def laid(*trees: Any) -> Any:
    """The trees, one over the other; None when two kinds of values met."""
    report = Report()
    found = built(trees[0], HERE)
    for tree in trees[1:]:
        found = merge(found, built(tree, HERE), report) or found
    return None if report.problems else plain(found)


@CALM
@given(TREES)
def test_a_file_over_itself_is_itself(tree: Any) -> None:
    """And nothing over it changes nothing, nor does it over nothing."""
    assert tree == laid(tree, tree) == laid(tree, {}) == laid({}, tree)


@CALM
@given(TREES, TREES)
def test_the_later_file_wins(first: Any, second: Any) -> None:
    """Every scalar of the later file is there, and every key of both."""
    made = laid(first, second)
    if made is None:
        return
    assert made.keys() == {*first, *second}
    assert made == laid(made, second)


@CALM
@given(TREES, TREES, TREES)
def test_three_files_in_any_grouping(first: Any, second: Any, third: Any) -> None:
    """The first two and then the third is the first and then the other two."""
    left, right = laid(first, second, third), laid(second, third)
    whole = None if right is None else laid(first, right)
    assert left is None or whole is None or left == whole


@CALM
@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef"), unique=True))
def test_lists_keep_their_order_and_say_nothing_twice(first: list[str], second: list[str]) -> None:
    """What was there stays in front."""
    made = merged({"dns": first}, {"dns": second})["dns"]
    assert made == list(dict.fromkeys([*first, *second]))
