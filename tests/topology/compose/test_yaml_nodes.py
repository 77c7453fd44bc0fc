"""YAML as Compose reads it, with the line of everything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.errors import Where
from meshdev.topology.compose.nodes import Node, Report, Tag, plain
from meshdev.topology.compose.yaml_nodes import parse
from support_topology import CALM


def parsed(text: str) -> Node:
    """The document in ``text``, which has no fault."""
    report = Report()
    node = parse(text, "compose.yml", report)
    assert report.problems == []
    assert node is not None
    return node


def faults(text: str) -> list[str]:
    """What is wrong with ``text``."""
    report = Report()
    parse(text, "compose.yml", report)
    return list(map(str, report.problems))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("on", "on"),
        ("~", None),
        ("null", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("0o14", 12),
        ("014", 12),
        ("0x1F", 31),
        ("089", "089"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("12:30", "12:30"),
        ("2001-12-14", "2001-12-14"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("text", "text"),
        (".5", 0.5),
        ("1.2.3", "1.2.3"),
        ("1_000", "1_000"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    """Only true and false are truth values; no dates, no numbers to the base of 60."""
    found = parsed(f"a: {text}").entries["a"].value
    assert (value, type(value)) == (found, type(found))


def test_every_line() -> None:
    """A key's value stands at the key's line, an element at its own."""
    node = parsed("a: 1\nb:\n  c:\n    - x\n    - y\n  d: {e: 1,\n    f: 2}\n")
    b = node.entries["b"]
    assert (Where("compose.yml", 1), Where("compose.yml", 2)) == (node.entries["a"].where, b.where)
    assert [it.where.line for it in b.entries["c"].elements] == [4, 5]
    assert [it.where.line for it in b.entries["d"].entries.values()] == [6, 7]


def test_anchors_and_merges() -> None:
    """What is merged in gives way to what is written, and the first of several wins."""
    node = parsed("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  c: 3\nl: [*x]\n")
    assert plain(node.entries["z"]) == {"a": 1, "b": 1, "c": 3}
    assert plain(node.entries["l"]) == [{"a": 1, "b": 1}]
    assert node.entries["z"].entries["a"].where.line == 1


def test_tags() -> None:
    """Compose's own, on any kind of value."""
    node = parsed("a: !reset null\nb: !override [x]\nc: !override {d: 1}\ne: !override 5\nf: !reset 'x'\n")
    assert [it.tag for it in node.entries.values()] == [
        Tag.RESET,
        Tag.OVERRIDE,
        Tag.OVERRIDE,
        Tag.OVERRIDE,
        Tag.RESET,
    ]
    assert plain(node) == {"a": None, "b": ["x"], "c": {"d": 1}, "e": 5, "f": "x"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [1\nb: 2", "compose.yml:2: YAML: expected ',' or ']', but got ':'\n  the line reads: b: 2"),
        ("a: 1\na: 2", 'compose.yml:2: YAML: the key "a" is there already at line 1\n  drop one of them'),
        ("? [a]\n: 1", "compose.yml:1: YAML: a key must be text"),
        ("a:\n  <<: 3", "compose.yml:2: YAML: << takes a mapping, or a list of mappings"),
        ("a: *nope", "compose.yml:1: YAML: found undefined alias 'nope'\n  the line reads: a: *nope"),
        ("a: &x [*x]", "compose.yml:1: YAML: nested too deeply"),
        ("a: 1\n---\nb: 2", "compose.yml:2: YAML: but found another document\n  the line reads: ---"),
        ("a: 'x", "compose.yml:1: YAML: found unexpected end of stream\n  the line reads: a: 'x"),
        ("b: 1\na: \x07", "compose.yml:2: YAML: the character U+0007 is not allowed"),
    ],
)
def test_what_is_wrong(text: str, fault: str) -> None:
    """Where, what, and how the line reads."""
    assert [fault] == faults(text)


def test_nobody_laughs_a_billion_times() -> None:
    """Aliases that would unfold without end are refused."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert [it.split(": ", 1)[1] for it in faults("\n".join(rows))] == [
        "YAML: unfolds to more than 200000 values"
    ]


def test_nothing_is_nothing() -> None:
    """An empty file has no document."""
    assert parse("# only a comment\n", "x", Report()) is None


@CALM
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_gives_an_answer(text: str) -> None:
    """A tree, nothing, or a problem with its place."""
    report = Report()
    parse(text, "x", report)
    assert all(problem.where.file == "x" for problem in report.problems)
