"""Plain values as TOML: whatever is written reads back, and people can read it."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meshdev.topology.toml_text import document
from support_topology import CALM

_KEYS = st.text(max_size=6)
_VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**60), 2**60),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
    max_leaves=12,
)


@CALM
@given(st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_whatever_is_written_reads_back(tree: dict[str, Any]) -> None:
    """Any keys, any texts, any nesting."""
    assert tree == tomllib.loads(document(tree))


def test_how_it_reads() -> None:
    """Sections and nodes have headers, short tables stand in a line, long lists go over several, texts keep theirs."""
    tree = {
        "system": {"name": "shop"},
        "services": {
            "web": {
                "command": "run",
                "limits": {"memory": "1m"},
                "environment": {f"VARIABLE_{n}": "a value of some length" for n in range(4)},
                "ports": ["8080:80"],
                "calls": [f"a-service-with-a-long-name-{n}" for n in range(4)],
            },
            "empty": {},
        },
        "configs": {"c": {"content": "one\ntwo\n"}},
    }
    comments: dict[tuple[str | int, ...], list[str]] = {
        ("services", "web"): ["above the table"],
        ("services", "web", "calls"): ["above the key"],
    }
    assert document(tree, comments, head=["at the top"]) == (
        "# at the top\n"
        "\n[system]\n"
        'name = "shop"\n'
        "\n# above the table\n[services.web]\n"
        'command = "run"\n'
        'limits = { memory = "1m" }\n'
        'ports = ["8080:80"]\n'
        "# above the key\ncalls = [\n"
        '  "a-service-with-a-long-name-0",\n'
        '  "a-service-with-a-long-name-1",\n'
        '  "a-service-with-a-long-name-2",\n'
        '  "a-service-with-a-long-name-3",\n'
        "]\n"
        "\n[services.web.environment]\n"
        'VARIABLE_0 = "a value of some length"\n'
        'VARIABLE_1 = "a value of some length"\n'
        'VARIABLE_2 = "a value of some length"\n'
        'VARIABLE_3 = "a value of some length"\n'
        "\n[services.empty]\n"
        "\n[configs.c]\n"
        "content = '''\none\ntwo\n'''\n"
    )
