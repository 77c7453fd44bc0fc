"""A corpus of small Compose files, one for each feature of the specification.

Each file ends with what comes of it: ``#!`` problems, ``#~`` what has no meaning here, ``#>`` edges that nobody wrote,
``#=`` values of the system. A file without problems is written down as meshdev.toml, too, and means the same there.
"""

from pathlib import Path

import pytest

from meshdev.topology.load import load
from support_compose import CORPUS, ENVIRON, bare, imported, laid_out, outcome, value_of

CASES = sorted(CORPUS.iterdir())
STRICTER = ("dotenv-missing",)  # in meshdev.toml a variable of .env that is not set is an error
_MARKS = ("#!", "#~", "#>", "#=")


def expected(case: Path) -> list[str]:
    """The lines that the case ends with."""
    text = (case / "compose.yml" if case.is_dir() else case).read_text("utf-8")
    return [line for line in text.splitlines() if line[:2] in _MARKS]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder within another one, of somebody with a home."""
    monkeypatch.setenv("HOME", ENVIRON["HOME"])
    place = tmp_path / "outer" / "case"
    place.mkdir(parents=True)
    return place


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_what_comes_of_it(case: Path, folder: Path) -> None:
    """Every problem, every note, every edge, and the values that matter; nothing is dropped in silence."""
    files = laid_out(case, folder)
    wanted = expected(case)
    found = outcome(files)
    values = [line[3:].partition(":")[0] for line in wanted if line.startswith("#=")]
    if values:
        system = load(files[0], overrides=files[1:], environ=ENVIRON)
        found += [f"#= {path}: {value_of(system, path, folder)}" for path in values]
    assert found == wanted


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in CASES
        if not any(line.startswith("#!") for line in expected(case)) and case.stem not in STRICTER
    ],
    ids=lambda case: case.stem,
)
def test_the_meshdev_toml_of_it_means_the_same(case: Path, folder: Path) -> None:
    """What import writes down loads to the same system."""
    files = laid_out(case, folder)
    assert bare(imported(files)) == bare(load(files[0], overrides=files[1:], environ=ENVIRON))


def test_there_are_enough_of_them() -> None:
    """The corpus is not one that lost its files."""
    assert len(CASES) >= 80
