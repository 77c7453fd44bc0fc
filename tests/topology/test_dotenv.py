""".env files by Compose's rules."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.errors import TopologyError
from meshdev.topology.dotenv import Form, parse, read
from meshdev.topology.template import resolve
from support_topology import CALM

OUTSIDE = {"USER": "ada", "PRICE": "$5"}


def values(text: str) -> dict[str, str]:
    """The variables as a process would see them."""
    return {name: resolve(entry.value, str) for name, entry in parse(text, OUTSIDE).items()}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("K=v", "v"),
        ("K: v", "v"),
        ("export K=v", "v"),
        ("  K = v  ", "v"),
        ("K=", ""),
        ("K=  ", ""),
        ("K=a b", "a b"),
        ("K=a # comment", "a"),
        ("K=a#b", "a#b"),
        ("K= # comment", ""),
        ("K=#b", "#b"),
        ('K="a # b"', "a # b"),
        ('K="a" # comment', "a"),
        ("K='a' # comment", "a"),
        ("K='${USER} \\n $'", "${USER} \\n $"),
        ("K='it\\'s'", "it's"),
        ('K="a\\nb\\tc\\"d\\\\e"', 'a\nb\tc"d\\e'),
        ('K="\\$USER"', "$USER"),
        ('K="$$USER"', "$USER"),
        ('K="\\q"', "\\q"),
        ('K="\\0101"', "A"),
        ("K=a\\nb", "a\\nb"),
        ("K=${USER}!", "ada!"),
        ("K=$USER", "ada"),
        ('K="${USER}"', "ada"),
        ("K=${NO:-x}", "x"),
        ("K=${PRICE}", "$5"),
        ('K="a\nb"', "a\nb"),
        ("K='a\nb'", "a\nb"),
        ('K={"a": 1}', '{"a": 1}'),
        ("K=a'b", "a'b"),
        ("K=a=b", "a=b"),
        ("K=v\r", "v"),
    ],
)
def test_values(line: str, value: str) -> None:
    """Each form of a value means what it means in Compose."""
    assert {"K": value} == values(line)


def test_a_whole_file() -> None:
    """Comments and blank lines are nothing; later lines see earlier ones, and outside wins over both."""
    text = "# head\n\nA=1\nB=${A}2\nUSER=bob\nC=${USER}\nUSER_ALONE\nPRICE\n"
    assert values(text) == {"A": "1", "B": "12", "USER": "bob", "C": "ada", "PRICE": "$5"}


def test_lines() -> None:
    """Each variable knows its line, also after values of several lines."""
    entries = parse('A="1\n2"\nB=3\n', {})
    assert [entry.line for entry in entries.values()] == [1, 3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nB=${NO}\n", ".env:2: variable NO is not set"),
        ("1A=1", '.env:1: found "1A=…", accepted: NAME=value'),
        ("A B=1", '.env:1: found "A B=…", accepted: NAME=value'),
        ("\n=1", '.env:2: found "=…", accepted: NAME=value'),
        ('A="1', '.env:1: the quote " is never closed'),
        ("A='1\nB=2", ".env:1: the quote ' is never closed"),
        ('A="1"2', '.env:1: found "2" after the closing quote, accepted: a comment or nothing'),
        ("A=${B", '.env:1: "${B" opens "${" and never closes it'),
    ],
)
def test_faults(text: str, expected: str) -> None:
    """A fault says its line, what was found and what is accepted."""
    with pytest.raises(TopologyError) as caught:
        parse(text, {})
    (problem,) = caught.value.problems
    assert str(problem).startswith(expected)


def test_all_faults_are_told() -> None:
    """One fault doesn't hide the next."""
    with pytest.raises(TopologyError) as caught:
        parse("A=${X}\nB=ok\n?=1\nC=${Y}", {})
    assert [problem.where.line for problem in caught.value.problems] == [1, 3, 4]


def test_reading(tmp_path: Path) -> None:
    """A byte order mark is nothing; a missing file and a file that is no text are told."""
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfA=1\r\nB=2\r\n")
    assert list(read(file, {})) == ["A", "B"]
    file.write_bytes(b"A=\xff")
    with pytest.raises(TopologyError, match="not UTF-8"):
        read(file, {})
    with pytest.raises(TopologyError, match="cannot read"):
        read(tmp_path / "none", {})


@CALM
@given(st.text("AB=:#'\"\\ $\n{}export1", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but TopologyError is ever raised."""
    with contextlib.suppress(TopologyError):
        parse(text, OUTSIDE)


@CALM
@given(st.text(max_size=20).filter(lambda text: "\r" not in text))
def test_single_quotes_are_literal(value: str) -> None:
    """Whatever stands in single quotes is the value, once quotes and backslashes are escaped."""
    escaped = value.replace("'", "\\'")
    if "\\" not in value:
        assert {"K": value} == values(f"K='{escaped}'")


def test_a_file_of_a_compose_project() -> None:
    """What is not set is empty, and kept; ``$PORT`` is a variable like any other."""
    entries = parse("A=$NOPE-${B:-d}\nP=${PORT}\nC=a$A$$\n", {"PORT": "1"}, form=Form.COMPOSE)
    assert {name: entry.value for name, entry in entries.items()} == {"A": "-d", "P": "1", "C": "a-d$$"}
    assert entries["A"].missing == ("NOPE",)


def test_a_raw_file() -> None:
    """Each value is all of what follows the sign; a name alone comes from outside."""
    entries = parse('# no\nA="x $y" # z\n B = 1\nOUT\nNOT\n\n', {"OUT": "o"}, form=Form.RAW)
    assert {name: entry.value for name, entry in entries.items()} == {
        "A": '"x $$y" # z',
        "B": " 1",
        "OUT": "o",
    }
