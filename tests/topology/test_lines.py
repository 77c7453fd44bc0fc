"""The line index agrees with tomllib about what exists, and with the eye about where it stands."""

import tomllib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from meshdev.topology.lines import Path, line_index, nearest_line
from support_topology import CALM

TEXT = '''\
# a comment
[system]
name = "shop"  # trailing [not.a.header]

[services.orders]
command = """
run [x]
it"""
calls = [
  "payments", # one
  "inventory",
]
environment = { A = "1", "B.C" = '2' }
healthcheck.http = "/healthz"

[services."odd \\u0041"]
when = 1979-05-27 07:32:00

[[many.things]]
a = 1
[[many.things]]
b = [[1, 2],
     [3]]
[many.things.sub]
c = {d = {e = 1}}
'''


def test_lines_of_a_document_written_by_hand() -> None:
    """Every form of TOML has the line on which a person sees it."""
    index = line_index(TEXT)
    expected: dict[Path, int] = {
        ("system",): 2,
        ("system", "name"): 3,
        ("services", "orders"): 5,
        ("services", "orders", "command"): 6,
        ("services", "orders", "calls"): 9,
        ("services", "orders", "calls", 0): 10,
        ("services", "orders", "calls", 1): 11,
        ("services", "orders", "environment", "B.C"): 13,
        ("services", "orders", "healthcheck", "http"): 14,
        ("services", "odd A"): 16,
        ("services", "odd A", "when"): 17,
        ("many", "things", 0, "a"): 20,
        ("many", "things", 1): 21,
        ("many", "things", 1, "b", 1, 0): 23,
        ("many", "things", 1, "sub", "c", "d", "e"): 25,
    }
    assert expected == {path: index[path] for path in expected}


def test_the_nearest_line_stands_in_for_a_path_without_one() -> None:
    """A path that nobody wrote is reported where its surroundings stand."""
    index = line_index(TEXT)
    assert nearest_line(index, ("services", "orders", "replicas")) == 5
    assert nearest_line(index, ("nowhere",)) == 0


def _paths(value: object, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _paths(inner, (*path, position))


_keys = st.one_of(
    st.text("abc-_19", min_size=1, max_size=4),
    st.text("aé漢😀\"\\'.#=] \x00\n", max_size=4),
)


def _key(text: str) -> str:
    """``text`` as a quoted key, literal where that can be."""
    literal = text.startswith("a") and not any(c == "'" or ord(c) < 0x20 for c in text)
    return f"'{text}'" if literal else _basic(text)


def _basic(text: str) -> str:
    escaped = "".join(
        f"\\u{ord(c):04x}" if c in '"\\' or ord(c) < 0x20 or ord(c) == 0x7F else c for c in text
    )
    return f'"{escaped}"'


_strings = st.one_of(
    st.text("aé漢😀\"\\'.#=]{} \x00\n", max_size=8).map(_basic),
    st.text('ab #[]{}=,."', max_size=8).map(lambda s: f"'{s}'"),
    st.text("ab #[]{}=,.\n'", max_size=12).map(lambda s: f'"""{s}"""'),
    st.text('ab #[]{}=,.\n\\"', max_size=12).map(lambda s: f"'''{s}'''"),
)
_scalars = st.one_of(
    _strings,
    st.integers(-9, 9).map(str),
    st.sampled_from(
        ["true", "1.5", "inf", "1979-05-27 07:32:00", "1979-05-27T07:32:00Z", "07:32:00", "0xff"]
    ),
)
_gap = st.sampled_from(["", " ", "\t"])
_breaks = st.sampled_from(["", " ", "\n", "# c ]\n", " # '\n\n"])


@st.composite
def _arrays(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    items = draw(st.lists(inner, max_size=3))
    text = draw(_breaks)
    for position, item in enumerate(items):
        text += item + draw(_breaks)
        if position < len(items) - 1 or draw(st.booleans()):
            text += "," + draw(_breaks)
    return f"[{text}]"


@st.composite
def _inline_tables(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    keys = draw(st.lists(_keys, unique=True, max_size=3))
    pairs = [f"{draw(_gap)}{_basic(key)}{draw(_gap)}={draw(_gap)}{draw(inner)}" for key in keys]
    return "{" + ",".join(pairs) + draw(_gap) + "}"


_values = st.recursive(_scalars, lambda inner: _arrays(inner) | _inline_tables(inner), max_leaves=6)


@st.composite
def _documents(draw: st.DrawFn) -> str:
    chunks = []
    for _ in range(draw(st.integers(0, 6))):
        keys = ".".join(
            draw(_gap) + _key(key) + draw(_gap) for key in draw(st.lists(_keys, min_size=1, max_size=3))
        )
        shape = draw(st.sampled_from(["pair", "table", "array", "comment"]))
        match shape:
            case "pair":
                chunks.append(f"{keys}={draw(_gap)}{draw(_values)}{draw(st.sampled_from(['', ' # x = 1']))}")
            case "table":
                chunks.append(f"[{keys}]")
            case "array":
                chunks.append(f"[[{keys}]]")
            case _:
                chunks.append("# [comment]")
    return draw(st.sampled_from(["\n", "\r\n", "\n\n"])).join(chunks)


@CALM
@given(_documents())
def test_the_index_has_exactly_the_paths_that_tomllib_finds(text: str) -> None:
    """Whatever tomllib accepts, the scanner names the same paths and lines within the text."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    index = line_index(text)
    assert set(_paths(data)) == set(index)
    assert all(1 <= line <= text.count("\n") + 1 for line in index.values())
