"""References: Compose's forms at load, addresses at launch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.topology.template import (
    Address,
    Fault,
    Mode,
    addresses_in,
    escape,
    expand,
    own_ports_in,
    parse_address,
    resolve,
)
from support_topology import CALM

VARIABLES = {"A": "1", "EMPTY": "", "DOLLAR": "a$b"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$A", "1"),
        ("${A}x", "1x"),
        ("${A:-2}", "1"),
        ("${B:-2}", "2"),
        ("${EMPTY:-2}", "2"),
        ("${EMPTY-2}", ""),
        ("${B-2}", "2"),
        ("${A:+set}", "set"),
        ("${EMPTY:+set}", ""),
        ("${EMPTY+set}", "set"),
        ("${B+set}", ""),
        ("${A:?needed}", "1"),
        ("${EMPTY?needed}", ""),
        ("${B:-${C:-${A}}}", "1"),
        ("${B:-}", ""),
        ("${DOLLAR}", "a$b"),
        ("$$A", "$A"),
        ("$$$A", "$1"),
        ("5$", "5$"),
        ("^a$|b$", "^a$|b$"),
        ("$5", "$5"),
    ],
)
def test_variables_at_load(text: str, expected: str) -> None:
    """Each form means what it means in Compose; a dollar sign that begins nothing is itself."""
    expansion = expand(text, VARIABLES, Mode.FINAL)
    assert (expected, ()) == (expansion.text, expansion.faults)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${B}", "variable B is not set"),
        ("$B", "variable B is not set"),
        ("${B:?where is B}", "variable B is not set: where is B"),
        ("${EMPTY:?empty}", "variable EMPTY is not set: empty"),
        ("${B", '"${B" opens "${" and never closes it'),
        ("${}", "${} is no reference"),
        ("${A!}", "${A!} is no reference"),
        ("${PORT}", "${PORT} is known only at launch"),
        ("${services.b.url}", "${services.b.url} is known only at launch"),
        ("${services.b.uri}", "${services.b.uri} is no address"),
        ("${databases.b}", "${databases.b} is no address"),
    ],
)
def test_faults(text: str, message: str) -> None:
    """What cannot be resolved is a fault that names it, never an empty text."""
    assert [message] == [fault.message for fault in expand(text, VARIABLES, Mode.FINAL).faults]


def test_all_faults_of_a_text_are_told() -> None:
    """One missing variable doesn't hide the next."""
    assert len(expand("${X}${Y}", {}, Mode.FINAL).faults) == 2


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("${services.b.url}/x", "${services.b.url}/x"),
        ("0.0.0.0:$PORT", "0.0.0.0:${PORT}"),
        ("${PORT:-80}", "${PORT}"),
        ("$$x", "$$x"),
        ("${DOLLAR}", "a$$b"),
    ],
)
def test_templates_keep_what_only_a_launch_knows(text: str, kept: str) -> None:
    """Addresses, ports and escapes stay; a value that holds a dollar sign is escaped."""
    expansion = expand(text, VARIABLES, Mode.TEMPLATE)
    assert (kept, ()) == (expansion.text, expansion.faults)


def test_shell_lines_are_left_to_the_shell() -> None:
    """Every form of the shell stays as it is; only a braced name that nobody knows is a fault."""
    line = "echo $X ${A} ${X%.*} ${#X} ${Y:-2} ${KNOWN}"
    expansion = expand(line, VARIABLES, Mode.SHELL, known=lambda name: name == "KNOWN")
    assert (line, ()) == (expansion.text, expansion.faults)
    assert [fault.message for fault in expand("${X}", {}, Mode.SHELL).faults] == ["variable X is not set"]


def test_resolve_at_launch() -> None:
    """Addresses come from the caller, ports from the instance, escapes end."""
    text = "${services.b.url}|$${services.b.url}|${PORT}|$PORT|${HOME}"
    assert resolve(text, lambda ref: f"<{ref}>") == "<services.b.url>|${services.b.url}|${PORT}|$PORT|${HOME}"
    assert resolve("${PORT}", str, own={"PORT": "8000"}) == "8000"
    assert addresses_in(text) == ("services.b.url",)
    assert own_ports_in(text) == ("PORT",)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("services.b.url", Address("services", "b", "url")),
        ("databases.x.path", Address("databases", "x", "path")),
        ("services.b.endpoints.admin.port", Address("services", "b", "port", "admin")),
    ],
)
def test_addresses(reference: str, expected: Address) -> None:
    """An address names a node, maybe an endpoint, and what of it is wanted."""
    assert expected == parse_address(reference)


@pytest.mark.parametrize(
    "reference", ["services.b", "services..url", "services.b.admin.url", "services.b.URL"]
)
def test_what_is_no_address(reference: str) -> None:
    """Anything else is a fault."""
    assert isinstance(parse_address(reference), Fault)


@CALM
@given(st.text("aA${}:-?+.PORT services", max_size=30), st.sampled_from(Mode))
def test_any_text_expands(text: str, mode: Mode) -> None:
    """Nothing is ever raised, and what is kept resolves."""
    resolve(expand(text, VARIABLES, mode).text, lambda _: "x")


@CALM
@given(st.text(max_size=20))
def test_escaped_text_stands_for_itself(text: str) -> None:
    """Escaping is undone by the launch, whatever the text is."""
    assert text == resolve(escape(text), lambda _: "changed")


@CALM
@given(st.text(max_size=20))
def test_values_pass_unchanged(value: str) -> None:
    """A variable's value arrives as it is, even when it looks like a reference."""
    template = expand("${V}", {"V": value}, Mode.TEMPLATE).text
    assert value == resolve(template, lambda _: "changed", own={"PORT": "changed"})
