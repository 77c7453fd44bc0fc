"""``$`` in Compose files: every operator, and that meshdev.toml understands the same by what is written there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.topology.compose.interpolation import as_topology, expand
from meshdev.topology.template import Mode
from meshdev.topology.template import expand as expand_topology
from support_topology import CALM

VARIABLES = {"SET": "value", "EMPTY": "", "DOLLAR": "a$b"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$SET", "value"),
        ("${SET}", "value"),
        ("a${SET}b$SET", "avaluebvalue"),
        ("$$SET", "$SET"),
        ("$$$SET", "$value"),
        ("$DOLLAR", "a$b"),
        ("${SET:-d}", "value"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NOPE:-d}", "d"),
        ("${NOPE-d}", "d"),
        ("${NOPE:-}", ""),
        ("${SET:+r}", "r"),
        ("${EMPTY:+r}", ""),
        ("${EMPTY+r}", "r"),
        ("${NOPE+r}", ""),
        ("${NOPE:+r}", ""),
        ("${SET:?e}", "value"),
        ("${EMPTY?e}", ""),
        ("${NOPE:-${EMPTY:-${SET}}}", "value"),
        ("${NOPE:-a}b}", "ab}"),
        ("${SET:+${NOPE:-x}y}", "xy"),
        ("${NOPE:-$$SET}", "$SET"),
        ("${NOPE:-a:b/c?d}", "a:b/c?d"),
        ("", ""),
        ("echo $(date) $1 $", "echo $(date) $1 $"),
    ],
)
def test_every_operator(text: str, expected: str) -> None:
    """As Compose's own documentation has it, nested ones too."""
    assert (expected, (), ()) == (expand(text, VARIABLES).text, expand(text, VARIABLES).faults, ())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("${NOPE:?say it}", "variable NOPE is not set: say it"),
        ("${NOPE?}", "variable NOPE is not set"),
        ("${EMPTY:?is ${SET}}", "variable EMPTY is not set: is value"),
        ("${SET", '"${SET" opens "${" and never closes it'),
        ("${}", '"${}" is no reference'),
        ("${a-b c}${1}", '"${1}" is no reference'),
        ("${SET!x}", '"${SET!x}" is no reference'),
    ],
)
def test_what_is_wrong(text: str, fault: str) -> None:
    """What must be set and is not, and what is no reference."""
    assert (fault,) == expand(text, VARIABLES).faults


def test_what_is_missing_is_told() -> None:
    """A variable that is not set is empty, as in Compose, but not in silence."""
    assert expand("$NOPE ${SET} ${OTHER} ${NOPE-x}", VARIABLES).missing == ("NOPE", "OTHER")


_names = st.sampled_from(["SET", "EMPTY", "DOLLAR", "NOPE", "OTHER_1"])
_plain = st.text(st.characters(codec="utf-8", exclude_characters="${}"), max_size=6)


def _references(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from([":-", "-", ":+", "+"])
    with_operator = st.builds(lambda name, sign, text: f"${{{name}{sign}{text}}}", _names, operators, inner)
    return st.lists(
        st.one_of(_plain, st.just("$$"), with_operator, _names.map("${{{}}}".format)), max_size=4
    ).map("".join)


TEMPLATES = st.recursive(_plain, _references, max_leaves=8)


@CALM
@given(TEMPLATES)
def test_what_is_written_into_meshdev_toml_means_the_same(text: str) -> None:
    """A reference that an import keeps gives there what it gives in Compose."""
    kept = as_topology(text, VARIABLES)
    assert kept is not None
    found = expand_topology(kept, VARIABLES, Mode.FINAL)
    assert (expand(text, VARIABLES).text, ()) == (found.text, found.faults)


@CALM
@given(st.text(max_size=30))
def test_any_text_gives_an_answer(text: str) -> None:
    """Whatever is written: a text, or a fault."""
    found = expand(text, VARIABLES)
    assert found.faults or "$" in text or found.text == text


@CALM
@given(st.text(max_size=30))
def test_a_doubled_dollar_is_always_one(text: str) -> None:
    """Any text can be written."""
    assert text == expand(text.replace("$", "$$"), VARIABLES).text


def test_a_port_of_ones_own_is_not_kept() -> None:
    """``$PORT`` is an instance's own port in meshdev.toml, so there the value is written instead."""
    assert as_topology("${PORT:-3000}", {}) is None
    assert as_topology("${SET:-$PORT}", VARIABLES) is None
