"""What .dockerignore names is not watched."""

from pathlib import Path

from meshdev.daemon.containers.dockerignore import read, translated

CONTEXT = Path("/p/app")


def test_patterns_begin_at_the_context() -> None:
    """Docker's are anchored; negations stay."""
    lines = ["*.md", "/dist/", "**/x", "!keep.md"]
    assert translated(lines, CONTEXT, CONTEXT) == ("/*.md", "/dist", "/**/x", "!/keep.md")


def test_a_watch_above_or_below_the_context() -> None:
    """Each pattern as it reads from there; what means nothing there is left out."""
    lines = ["src/gen", "dist", "**/x"]
    assert translated(lines, CONTEXT, Path("/p")) == ("/app/src/gen", "/app/dist", "/**/x")
    assert translated(lines, CONTEXT, Path("/p/app/src")) == ("/gen", "/**/x")
    assert translated(lines, CONTEXT, Path("/q")) == ("/**/x",)


def test_the_file(tmp_path: Path) -> None:
    """Comments and empty lines are none; no file is no pattern."""
    assert read(tmp_path) == ()
    (tmp_path / ".dockerignore").write_text("# c\n\n a \nb\n")
    assert read(tmp_path) == ("a", "b")
