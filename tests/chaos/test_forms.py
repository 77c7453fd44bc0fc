"""The forms of a report: lines, JSON, JUnit, page."""

import json
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import click
import msgspec
import pytest

from meshdev.chaos.junit import junit_of
from meshdev.chaos.lines import report_lines
from meshdev.chaos.page import page_of
from meshdev.chaos.page_graph import blast_graph, placed
from meshdev.chaos.report import ExperimentReport, Verdict, as_json
from support_experiments import report

NASTY = '<script>alert("1")</script>'


class Seen(HTMLParser):
    """Which elements a page has, that they close, and what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One begins."""
        self.tags.append(tag)
        self.links += [f"{name}={value}" for name, value in attrs if name in ("src", "href", "action")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It ends, and no other."""
        assert self.open.pop() == tag


def test_lines_tell_what_matters() -> None:
    """Verdict, when it broke, blast, load."""
    text = click.unstyle("\n".join(report_lines(report())))
    for part in ("slow: DEVIATED", "broke        1.0 s", "1 hurt: front", "12 hits", "150 requests"):
        assert part in text


def test_json_can_be_read_back() -> None:
    """Nothing is lost on the way."""
    made = report()
    assert msgspec.json.decode(as_json(made), type=ExperimentReport) == made
    assert json.loads(as_json(made))["verdict"] == "deviated"


@pytest.mark.parametrize(
    ("verdict", "element"),
    [
        (Verdict.HOLDS, None),
        (Verdict.DEVIATED, "failure"),
        (Verdict.GATE_FAILED, "failure"),
        (Verdict.ACTION_FAILED, "error"),
        (Verdict.INTERRUPTED, "skipped"),
    ],
)
def test_junit(verdict: Verdict, element: str | None) -> None:
    """A CI job sees which of them it was, whatever a name holds."""
    made = msgspec.structs.replace(report(), verdict=verdict, summary=f"{NASTY}\x00")
    case = ET.fromstring(junit_of([made])).find("testsuite/testcase")  # noqa: S314 -- our own
    assert case is not None
    assert [child.tag for child in case] == ([element] if element else [])


def test_the_page_stands_alone_and_escapes_names() -> None:
    """No script, no address, every element closed, whatever services are called."""
    made = msgspec.structs.replace(report(), name=NASTY, hypothesis=NASTY, notes=[NASTY])
    page = page_of(made)
    seen = Seen()
    seen.feed(page)
    assert seen.open == []
    assert "script" not in seen.tags
    assert seen.links == []
    assert "http" not in page
    assert "&lt;script&gt;" in page
    assert "prefers-color-scheme: dark" in page
    assert {"svg", "polyline", "rect", "table"} <= set(seen.tags)


def test_the_drawing_has_callers_to_the_left() -> None:
    """Also where calls go in a circle."""
    places = placed([("outside", "front"), ("front", "back"), ("back", "store"), ("store", "back")])
    assert places["outside"][0] < places["front"][0] < places["back"][0]
    assert len(set(places.values())) == len(places)
    assert placed([]) == {}
    assert len(placed([("a", "b"), ("b", "a")])) == 2


def test_a_service_and_its_database_are_told_apart() -> None:
    """They often have the same name."""
    edges = [("orders", "databases.orders"), ("orders", "brokers.events"), ("outside", "orders")]
    drawn = str(blast_graph(msgspec.structs.replace(report(), edges=edges)))
    for label in (">orders<", ">orders (db)<", ">events<"):
        assert drawn.count(label) == 1
