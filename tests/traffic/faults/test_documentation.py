"""The documentation says what the catalogue says."""

from pathlib import Path

from meshdev.traffic.faults.documentation import catalogue_tables

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"


def test_the_page_has_the_catalogue() -> None:
    """docs/faults.md holds the tables as they are made from the catalogue."""
    assert catalogue_tables() in PAGE.read_text(encoding="utf-8")
