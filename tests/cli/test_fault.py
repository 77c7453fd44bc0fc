"""`meshdev fault`: what is typed, what is asked of the daemon, what is printed."""

import doctest
import json

import click
import msgspec
import pytest

from meshdev.cli.fault_lines import (
    added,
    catalogue,
    fault_lines,
    kind_lines,
    kind_named,
    kinds,
    listing,
    may_be_vain,
    vain,
)
from meshdev.errors import UsageError
from meshdev.traffic.faults import typed
from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.kinds import Layer
from meshdev.traffic.faults.reading import read_toggle
from meshdev.traffic.faults.typed import table_of, target_of
from meshdev.wire.fault_views import FaultPartView, FaultView
from support_cli import Cli
from support_dashboard import signals


def view(name: str = "slow", **changes: object) -> FaultView:
    """A fault that is on."""
    part = FaultPartView(
        key=f"{name}/latency", kind="latency", layer="bytes", words="latency 300ms ± 50ms", values={}, hits=7
    )
    fields: dict[str, object] = {
        "name": name,
        "on": True,
        "origin": "ad hoc",
        "target": "orders -> payments",
        "parts": [part],
        "edges": ["orders -> payments:http"],
        "acting": True,
        "in_force": True,
        "remaining": 90.0,
        "hits": 7,
        **changes,
    }
    return FaultView(**fields)  # type: ignore[arg-type]


def test_the_documented_examples_are_true() -> None:
    """As written in the module."""
    assert doctest.testmod(typed).failed == 0


def test_what_is_typed_is_what_would_stand_in_the_file() -> None:
    """Faults, match and target together make a toggle."""
    table = table_of(
        "orders -> payments", ["latency=300ms±50ms", "status=503@10%"], ["path=/charges/*", "every=3"]
    )
    toggle = read_toggle("typed", table)
    assert [spec.kind for spec in toggle.specs] == ["latency", "status"]
    assert toggle.specs[1].percentage == 10.0
    assert (toggle.specs[0].match.path, toggle.specs[0].match.every) == ("/charges/*", 3)


@pytest.mark.parametrize("text", ["a |", "| b", "a, | , b |"])
def test_an_empty_group_is_refused(text: str) -> None:
    """It would separate nobody."""
    with pytest.raises(UsageError):
        target_of(text)


@pytest.mark.parametrize("match", ["method", "first=some"])
def test_a_match_says_what_it_wants(match: str) -> None:
    """A name and a value, a number where one is counted."""
    with pytest.raises(UsageError):
        table_of("payments", ["refuse"], [match])


def test_what_cannot_act_is_warned_of() -> None:
    """On edges that speak something else; what acts on bytes acts everywhere."""
    status = FaultPartView(key="no/status", kind="status", layer="http", words="status 503", values={})
    fault = view(
        parts=[*view().parts, status], edges=["orders -> payments:http", "orders -> databases.x:tcp"]
    )
    edges = [
        msgspec.structs.replace(signals("orders", "payments"), endpoint="http", protocol="http"),
        msgspec.structs.replace(signals("orders", "databases.x"), endpoint="tcp", protocol="mysql"),
    ]
    assert may_be_vain(fault)
    assert not may_be_vain(view())
    assert [click.unstyle(line) for line in vain(fault, edges)] == [
        (
            "warning: status acts on HTTP, calls of gRPC and HTTP/2, and orders -> databases.x speaks mysql: "
            "it does nothing there"
        )
    ]


@pytest.mark.parametrize(
    ("layer", "choosy"),
    [(layer, layer not in {Layer.BYTES, Layer.NAME, Layer.INSTANCE}) for layer in Layer],
)
def test_what_acts_everywhere_needs_no_warning(layer: Layer, choosy: object) -> None:
    """All else may be in vain, statements of SQL too."""
    part = FaultPartView(key="a/b", kind="b", layer=layer, words="b", values={})
    assert may_be_vain(view(parts=[part])) is choosy


def test_the_listing_shows_state_hits_and_what_is_left() -> None:
    """One that is off has neither."""
    views = [view(), view("other", on=False, acting=False, remaining=None), view("later", acting=False)]
    assert [click.unstyle(line) for line in listing(views, unicode=False)] == [
        "FAULT  STATE  HITS   LEFT  FOR                 WHAT",
        "slow   on        7  1m30s  orders -> payments  latency 300ms +- 50ms",
        "other  off                 orders -> payments  latency 300ms +- 50ms",
        "later  waits     7  1m30s  orders -> payments  latency 300ms +- 50ms",
    ]
    assert "no faults" in listing([], unicode=True)[0]


def test_adding_tells_where_it_acts_and_how_it_ends() -> None:
    """So that nobody has to look it up."""
    assert [click.unstyle(line) for line in added(view())] == [
        "slow is on: latency 300ms ± 50ms, for 1m30s",
        "  at orders -> payments:http",
        "  end it with `meshdev fault rm slow`",
    ]


def test_a_fault_and_a_kind_are_described_in_full() -> None:
    """Nothing that the API tells is kept back."""
    text = click.unstyle("\n".join(fault_lines(view(description="the card company sleeps"))))
    for part in ("slow", "orders -> payments:http", "the card company sleeps", "1m30s", "hits 7"):
        assert part in text
    assert "grows" not in text
    [plain] = view().parts
    meant = {"method": ["GET", "PUT"], "path": "/x/*", "header": {"x-user": "a*"}, "every": 3}
    seeded = msgspec.structs.replace(plain, match=meant, seed=7)
    lines = click.unstyle("\n".join(fault_lines(view(parts=[seeded], ramp=30.0)))).splitlines()
    assert "  grows for   30s" in lines
    assert "    hits 7, only method GET or PUT, path /x/*, header x-user: a*, every 3, seed 7" in lines
    kind = kind_named("latency")
    assert kind is not None
    lines = kind_lines(kind)
    assert all(any(parameter.name in line for line in lines) for parameter in kind.parameters)


def test_the_catalogue_lists_every_kind() -> None:
    """Made from the table, so it cannot be wrong."""
    text = "\n".join(catalogue(kinds()))
    assert all(name in text for name in CATALOGUE)


def test_the_kinds_need_no_daemon(cli: Cli) -> None:
    """Reading the manual is always possible; everything else says that nothing runs."""
    ran = cli("fault", "describe", "--json")
    assert (ran.code, {kind["name"] for kind in json.loads(ran.out)}) == (0, set(CATALOGUE))
    assert cli("fault", "list").code == 3
    assert cli("fault", "add", "payments", "latncy=3ms").code == 2


@pytest.mark.parametrize(
    "words", [("fault", "on", "x", "--for", "0s"), ("chaos", "explore", "--budget", "0s")]
)
def test_no_time_at_all_is_refused(cli: Cli, words: tuple[str, ...]) -> None:
    """Before anything is begun."""
    ran = cli(*words)
    assert (ran.code, "more than 0" in ran.err) == (2, True)
