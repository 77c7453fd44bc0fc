"""The tree of errors: what a person reads."""

from meshdev.errors import MeshdevError, Problem, TopologyError, Where


def test_an_error_says_where_what_and_what_next() -> None:
    """Place, message, and the way out on a line of its own."""
    error = MeshdevError("it is broken", hint="mend it", where=Where("meshdev.toml", 3))

    assert str(error) == "meshdev.toml:3: it is broken\n  mend it"
    assert repr(error) == (
        "MeshdevError('it is broken', hint='mend it', where=Where(file='meshdev.toml', line=3))"
    )


def test_a_topology_error_lists_every_problem() -> None:
    """All findings of a load at once; a file as a whole has no line."""
    problems = (
        Problem(Where("a.toml"), "is empty"),
        Problem(Where("b.toml", 2), "unknown key", "did you mean x?"),
    )

    assert str(TopologyError("2 problems", problems=problems)) == (
        "a.toml: is empty\nb.toml:2: unknown key\n  did you mean x?"
    )
    assert str(TopologyError("no file", hint="write one")) == "no file\n  write one"
