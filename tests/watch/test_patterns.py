"""Which files a pattern means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.watch.patterns import parse


def wants(pattern: str, path: str) -> bool:
    """Whether any alternative of the pattern means the path."""
    parts = tuple(path.split("/"))
    return any(each.wants(parts) for each in parse(pattern))


@pytest.mark.parametrize(
    ("pattern", "meant", "not_meant"),
    [
        ("src", ["src/a.py", "src/deep/er/b", "src"], ["other/src/a.py", "src2/a.py"]),
        ("./src/", ["src/a.py"], ["a.py"]),
        (".", ["a", "b/c"], []),
        ("config.toml", ["config.toml"], ["x/config.toml", "config.toml2"]),
        ("*.py", ["a.py", ".py"], ["src/a.py", "a.pyc"]),
        ("src/*.py", ["src/a.py"], ["src/api/a.py", "a.py"]),
        ("src/**/*.py", ["src/a.py", "src/x/y/a.py"], ["src/a.js", "a.py"]),
        ("**/*.py", ["a.py", "x/y/a.py"], ["a.js"]),
        ("src/**", ["src/a", "src/x/y"], ["src", "other/a"]),
        ("**", ["a", "b/c"], []),
        ("*", ["a"], ["b/c"]),
        ("*/main.go", ["api/main.go"], ["main.go", "x/api/main.go"]),
        ("a?c[0-9].[!x]", ["abc1.y"], ["abc1.x", "ac1.y", "a/c1.y"]),
        ("**/*.{py,toml}", ["a.py", "x/b.toml"], ["a.js"]),
        ("{src,lib}/{a,b}*.py", ["src/a1.py", "lib/b.py"], ["lib/c.py"]),
        ("../shared/*.py", ["../shared/a.py"], ["shared/a.py", "../a.py"]),
        ("src/../lib", ["lib/a"], ["src/a"]),
        ("a+b(c).txt", ["a+b(c).txt"], ["aab(c).txt"]),
        ("[x", ["[x"], ["x"]),
        ("[z-a]", ["[z-a]"], ["z", "a"]),
        ("[!a]b", ["cb"], ["ab", "/b"]),
        ("[!]", ["[!]"], []),
        ("[?--]", ["[?--]"], ["?", "-"]),
        ("[a-c-]x[-&&]", ["ax-", "cx&", "-x&"], ["dx-", "axb"]),
        ("[a[\\]]", ["a]", "[]", "\\]"], ["b]"]),
    ],
)
def test_patterns(pattern: str, meant: list[str], not_meant: list[str]) -> None:
    """Names, folders, globs over whole paths, alternatives, and ways out of the base."""
    assert [path for path in meant if not wants(pattern, path)] == []
    assert [path for path in not_meant if wants(pattern, path)] == []


def test_folders_that_cannot_hold_a_wanted_file_are_not_entered() -> None:
    """A shallow glob doesn't make anybody watch deep trees; the way to the beginning is entered."""
    [shallow] = parse("src/*/main.py")
    reached = [
        folder for folder in ("src", "src/a", "src/a/b", "lib") if shallow.reaches(tuple(folder.split("/")))
    ]
    assert reached == ["src", "src/a"]


@given(
    st.text(alphabet=st.sampled_from("ab*?[]{}!^-,./\\"), max_size=12),
    st.text("ab/[", min_size=1, max_size=6),
)
def test_any_text_is_a_pattern(pattern: str, path: str) -> None:
    """Nothing that a user writes breaks the watcher."""
    wants(pattern, path)


PART = st.sampled_from(["a", "b", "*", "**", "?", "a*", "[ab]"])


@given(
    st.lists(PART, min_size=1, max_size=4),
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=5),
)
def test_every_folder_above_a_wanted_file_is_reached(pattern: list[str], path: list[str]) -> None:
    """Whatever is wanted lies in folders that are watched."""
    for each in parse("/".join(pattern)):
        if each.wants(tuple(path)):
            assert all(each.reaches(tuple(path[:count])) for count in range(len(path)))
