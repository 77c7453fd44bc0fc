"""From what people write to faults, and back to words; every kind of the catalogue by itself."""

from typing import Any

import msgspec
import pytest

from meshdev.traffic.faults.catalogue import CATALOGUE, find_kind, kind_named
from meshdev.traffic.faults.describe import kind_view, part_view, words
from meshdev.traffic.faults.kinds import PERCENTAGE, FaultError, FaultKind, Layer, Unit
from meshdev.traffic.faults.reading import examine, read_toggle
from meshdev.traffic.faults.short_form import parse_short, parse_shorts
from meshdev.traffic.faults.target import Targets, written
from meshdev.traffic.faults.values import parse_rate
from meshdev.wire.fault_views import FaultView
from meshdev.wire.faults import FaultSpec
from meshdev.wire.mesh import EdgeEntry, EdgeKey, EdgePolicy, Policy, decode_to_worker, encode

EDGE = {"edge": "orders -> payments"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("latency=300ms±50ms", "latency 300ms ± 50ms"),
        ("latency=300ms+-50ms", "latency 300ms ± 50ms"),
        ("latency=p50=300ms,p99=2s@50%", "latency, p50 300ms, p99 2s, 50%"),
        ("latency=10ms..2s", "latency 10ms..2s"),
        ("status=503@10%", "status 503, 10%"),
        ("status=503,body=no, sorry,retry_after=5s", "status 503, body no, sorry, retry_after 5s"),
        ("status=500@0%..50%", "status 500, 0%..50%"),
        ("bandwidth=100k", "bandwidth 100kB/s"),
        ("bandwidth=8mbit", "bandwidth 1MB/s"),
        ("slicer=64,delay=10us", "slicer 64B, delay 10us"),
        ("slow_open=1s", "slow-open 1s"),
        ("blackhole", "timeout"),
        ("abort=500", "status 500"),
        ("reset", "reset"),
        ("refuse", "refuse"),
        ("refuse=false", "refuse, existing false"),
        ("corrupt=1%", "corrupt 1%"),
        ("malformed", "malformed"),
        ("headers=x-a: b; x-c: d", "headers x-a: b; x-c: d"),
        ("kill", "kill"),
        ("memory=512MB", "memory 512MiB"),
    ],
)
def test_short_forms(text: str, said: str) -> None:
    """What is typed, in words."""
    name, table = parse_short(text)
    target = {"service": "payments"} if CATALOGUE[name].layer is Layer.INSTANCE else EDGE
    [spec] = read_toggle("x", {**target, name: table, "ramp": "10s"}).specs
    assert words(spec) == said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latncy=1s", 'there is no fault "latncy"\n  did you mean "latency"?'),
        ("latency=1s,jiter=1s", 'latency has no parameter "jiter"\n  did you mean "jitter"?'),
        ("status=500±1", "status has no spread (±)"),
        ("malformed=3", "malformed takes no value\n  write malformed"),
    ],
)
def test_short_forms_that_are_wrong(text: str, message: str) -> None:
    """What is wrong, and what was probably meant."""
    with pytest.raises(FaultError) as caught:
        parse_short(text)
    assert str(caught.value) == message


def test_a_kind_twice() -> None:
    """One toggle has each kind once."""
    with pytest.raises(FaultError, match="latency stands here twice"):
        parse_shorts(["latency=1s", "latency=2s"])


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE)
def test_every_kind_can_be_had_by_its_example(kind: FaultKind) -> None:
    """The example that the catalogue shows is accepted, is told in words, and survives the wire."""
    view = kind_view(kind)
    name, table = parse_short(view.example)
    target = {"service": "payments"} if kind.layer is Layer.INSTANCE else EDGE
    toggle = read_toggle("x", {**target, name: table})
    [spec] = toggle.specs
    assert (spec.kind, words(spec).startswith(kind.name)) == (kind.name, True)
    policy = Policy(1, (EdgeEntry(1, EdgeKey("a", "b"), EdgePolicy(faults=toggle.specs)),))
    assert decode_to_worker(encode(policy)[4:]) == policy
    part = part_view(spec)
    shown = FaultView(name="x", on=True, origin="topology", target=written(toggle.target), parts=[part])
    assert msgspec.json.decode(msgspec.json.encode(shown), type=FaultView) == shown


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"latency": "1s", "match": {"table": "orders"}}, "match: latency does not act on statements"),
        ({"status": 503, "match": {"statement": "UPDATE"}}, "match: status does not act on statements"),
        ({"sql-error": "40001", "match": {"path": "/x"}}, "match: sql-error acts on statements"),
        ({"sql-error": "40001", "match": {"subject": "x"}}, "match: sql-error acts on statements"),
        ({"drop": True, "match": {"method": "GET"}}, "match: drop acts on messages"),
        ({"latency": "1s", "match": {"subject": "x"}}, "match.subject: latency does not act on messages"),
        (
            {"sql-error": "00000"},
            "sql-error: found '00000', accepted: a SQLSTATE such as \"40001\", or a number of MySQL's such as 1213",
        ),
    ],
)
def test_matches_that_do_not_go_with_their_fault(table: dict[str, object], message: str) -> None:
    """What is wrong is told, once."""
    with pytest.raises(FaultError) as caught:
        read_toggle("x", {**EDGE, **table})
    assert str(caught.value).splitlines()[0] == message


@pytest.mark.parametrize(
    ("written", "code"), [("40001", "40001"), (1213, "1213"), ("hy000", "HY000"), (40001, "40001")]
)
def test_codes_of_sql(written: object, code: str) -> None:
    """As text or as a number; statements in any case, one or several."""
    match = {"statement": "update, create  table", "table": "orders"}
    [spec] = read_toggle("x", {**EDGE, "sql-error": written, "match": match}).specs
    assert spec.values == {"code": code}
    assert (spec.match.statements, spec.match.table) == (("UPDATE", "CREATE TABLE"), "orders")


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE)
def test_every_kind_is_described(kind: FaultKind) -> None:
    """Forms, documentation and schema are made of this: it must be whole."""
    assert kind.doc
    found = find_kind(kind.name.replace("-", "_"))
    assert found == kind
    assert kind.main in ("", PERCENTAGE) or kind.parameter(kind.main) is not None
    assert not kind.spread or kind.parameter(kind.spread) is not None
    assert (kind.link is not None) is (kind.layer is Layer.BYTES)
    assert (kind.http is not None) is (kind.layer in {Layer.HTTP, Layer.STREAM})
    assert not kind.streams or kind.layer is Layer.HTTP
    assert (kind.message is not None) is (kind.layer is Layer.MESSAGE or kind.name == "delay")
    assert (kind.statement is not None) is (kind.layer is Layer.STATEMENT or kind.name == "delay")
    for parameter in kind.parameters:
        assert parameter.doc
        assert parameter.unit in set(Unit)
        assert not (parameter.required and parameter.default is not None)


def test_what_a_toggle_holds() -> None:
    """The example of the documentation."""
    toggle = read_toggle(
        "slow-payments",
        {
            **EDGE,
            "latency": {"p50": "300ms", "p99": "2s"},
            "status": {"code": 503, "percentage": 10},
            "percentage": 50,
            "match": {"method": "POST", "path": "/charges/*"},
            "duration": "2m",
            "seed": 7,
            "key": "1",
        },
    )
    assert [(spec.key, spec.percentage, spec.seed, spec.match.methods) for spec in toggle.specs] == [
        ("slow-payments/latency", 50.0, 7, ("POST",)),
        ("slow-payments/status", 10.0, 7, ("POST",)),
    ]
    assert (toggle.duration, toggle.key) == (120.0, "1")


@pytest.mark.parametrize(
    ("table", "finding"),
    [
        ({"latency": "1s"}, ((), "does not say whom it is for")),
        ({**EDGE}, ((), "names no fault")),
        ({**EDGE, "latency": "1s", "durations": "1s"}, (("durations",), 'unknown key "durations"')),
        ({**EDGE, "latency": {}}, (("latency",), "needs latency or p50")),
        ({**EDGE, "status": {"body": "x"}}, (("status",), "needs code")),
        (
            {**EDGE, "status": {"code": 500, "direction": "upstream"}},
            (("status", "direction"), "status has no direction"),
        ),
        (
            {**EDGE, "latency": "1s", "direction": "up"},
            (("direction",), 'accepted: "upstream" | "downstream" | "both"'),
        ),
        (
            {**EDGE, "latency": "1s..2s"},
            (("latency",), "grows from one value to another, but in which time?"),
        ),
        (
            {**EDGE, "latency": "1s", "repeat": "1m"},
            (("repeat",), "needs duration: how long it acts each time"),
        ),
        ({**EDGE, "latency": "1s", "match": {"verb": "GET"}}, (("match", "verb"), 'unknown key "verb"')),
        ({**EDGE, "kill": True}, (("edge",), "kill is for instances, not for edges")),
        ({**EDGE, "latency": "1s", "partition": []}, None),
        ({"partition": [["a"], ["b"]]}, None),
        ({**EDGE, "headers": {"set": {"x": "a\r\nb"}}}, (("headers", "set"), None)),
        ({**EDGE, "limit-data": "1..2"}, (("limit-data",), None)),
        ({**EDGE, "latency": "1s", "seed": -1}, (("seed",), "accepted: a whole number ≥ 0")),
    ],
)
def test_findings(table: dict[str, Any], finding: tuple[tuple[str, ...], str | None] | None) -> None:
    """What is wrong, and where."""
    _, findings = examine("x", table)
    if finding is None:
        assert findings == []
        return
    [one] = findings
    assert one.path == finding[0]
    assert finding[1] is None or one.message == finding[1]


@pytest.mark.parametrize(
    ("table", "edges"),
    [
        ({"edge": "orders -> payments"}, {"orders payments http", "orders payments admin"}),
        ({"edge": "orders→payments:admin"}, {"orders payments admin"}),
        ({"edge": "* -> payments:http"}, {"orders payments http", "web payments http"}),
        ({"edges": ["web -> orders", "orders -> databases.*"]}, {"web orders http", "orders databases.orders tcp"}),
        ({"service": "orders"}, {"web orders http"}),
        ({"team": "money"}, {"orders payments http", "orders payments admin", "web payments http"}),
        ({"partition": [["orders"], ["payments"]]}, {"orders payments http", "orders payments admin"}),
        ({"partition": [["web"]]}, {"web orders http", "web payments http"}),
        ({"partition": [["web", "orders"]]}, {
            "orders payments http", "orders payments admin", "web payments http", "orders databases.orders tcp"
        }),
    ],
)  # fmt: skip
def test_targets(table: dict[str, Any], edges: set[str]) -> None:
    """Which edges are meant."""
    known = {
        "web orders http", "web payments http", "orders payments http", "orders payments admin",
        "orders databases.orders tcp",
    }  # fmt: skip
    target = read_toggle("x", {"latency": "1s", **table}).target
    targets = Targets(target, {"payments": "money"})
    assert {edge for edge in known if targets.has_edge(*edge.split())} == edges


def test_rates_and_names() -> None:
    """Rates count in thousands; an unknown kind is an error."""
    assert [parse_rate(text) for text in ("100k", "1.5 MB/s", "8mbit", "80", "1g")] == [
        1e5,
        1.5e6,
        1e6,
        80.0,
        1e9,
    ]
    with pytest.raises(FaultError):
        kind_named("nothing")
    assert words(FaultSpec("x", "of-tomorrow")) == "of-tomorrow"
