"""What never counts."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.watch.ignore import GitIgnore, is_temporary, repository_root


@pytest.mark.parametrize(
    "name",
    [
        ".saga.py.swp", ".saga.py.swo", ".swp", "4913", "saga.py~", ".#saga.py", "#saga.py#",
        "saga.py___jb_tmp___", "saga.py___jb_old___", ".goutputstream-AB12CD", "saga.py.tmp", "saga.py.tmp.1234",
        "saga.py.123456.tmp", ".tmpAbC123", "saga.cpython-311.pyc", ".~lock.plan.ods#", ".DS_Store", ".nfs0001a",
        "saga.py.crswap", ".gitignore",
    ],
)  # fmt: skip
def test_passing_files_of_editors_and_tools(name: str) -> None:
    """They come and go while somebody saves, and are no change."""
    assert is_temporary(name)


@pytest.mark.parametrize(
    "name", ["saga.py", "tmp.py", "swap.swift", "a.swift", "template.tmpl", ".env", "tempo.py", "#1.md"]
)
def test_ordinary_files_count(name: str) -> None:
    """Names that only look a little like it are the user's files."""
    assert not is_temporary(name)


def git(root: Path, *arguments: str) -> str:
    """Run git in a repository."""
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


def test_rules_are_nested_negated_and_forgotten(tmp_path: Path) -> None:
    """Deeper files overrule higher ones, an ignored folder hides what it holds, changes are read when told."""
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("private\n")
    (tmp_path / ".gitignore").write_text("*.log\nbuild/\n!important.log\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / ".gitignore").write_text("!debug.log\n/local.toml\n")
    rules = GitIgnore(tmp_path)

    def ignored(path: str) -> bool:
        return rules.ignores(tmp_path / path, folder=False)

    assert ignored("a.log")
    assert ignored("app/a.log")
    assert not ignored("important.log")
    assert not ignored("app/debug.log")
    assert ignored("app/local.toml")
    assert not ignored("local.toml")
    assert ignored("build/important.log")
    assert ignored("private")
    assert rules.ignores(tmp_path / "build", folder=True)
    assert not ignored("build")
    assert not rules.ignores(tmp_path.parent / "a.log", folder=False)
    assert not rules.ignores(tmp_path / "build" / "x", folder=False, exempt=1)
    (tmp_path / ".gitignore").write_text("")
    assert ignored("a.log")
    rules.forget()
    assert not ignored("a.log")


def test_repositories_are_found_from_below(tmp_path: Path) -> None:
    """Folder or file, the nearest ``.git`` above is the root."""
    (tmp_path / "repo" / "a" / "b").mkdir(parents=True)
    assert repository_root(tmp_path / "repo" / "a" / "b") is None
    (tmp_path / "repo" / ".git").write_text("gitdir: elsewhere\n")
    assert repository_root(tmp_path / "repo" / "a" / "b") == tmp_path / "repo"


PATTERN = st.sampled_from(
    ["*.a", "x/", "/x", "!x.a", "y", "x/*.a", "**/y", "!y/", "x/**", "#c", "", "z.*", "!/x/y"]
)
NAMES = ["x", "y", "z.a", "x.a"]


@settings(max_examples=25, deadline=None)
@given(st.lists(PATTERN, max_size=5), st.lists(PATTERN, max_size=3))
def test_git_agrees(top: list[str], below: list[str]) -> None:
    """For every file of a small tree we say what ``git check-ignore`` says."""
    import tempfile  # noqa: PLC0415 — one repository for each example

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        git(root, "init", "-q")
        paths = [Path(a, b, c) for a in ("x", "y") for b in ("x", "y") for c in NAMES[2:]]
        paths += [Path(a, b) for a in ("x", "y") for b in NAMES[2:]]
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("")
        (root / ".gitignore").write_text("\n".join(top))
        (root / "x" / ".gitignore").write_text("\n".join(below))
        asked = subprocess.run(
            ["git", "check-ignore", *map(str, paths)], cwd=root, check=False, capture_output=True, text=True
        )
        rules = GitIgnore(root)
        ours = [str(path) for path in paths if rules.ignores(root / path, folder=False)]
        assert ours == asked.stdout.split()
