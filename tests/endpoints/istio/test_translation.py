"""VirtualServices as faults of ours, and what is said of the rest."""

import tomllib
from typing import Any

import pytest

from meshdev.endpoints.istio.documents import documents
from meshdev.endpoints.istio.toml import as_toml
from meshdev.endpoints.istio.translation import translate
from meshdev.errors import UsageError
from meshdev.traffic.faults.reading import read_toggle

HEAD = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ratings
spec:
  hosts:
  - ratings
  http:
"""
ROUTE = """    route:
    - destination:
        host: ratings
        subset: v1
"""


def service(*routes: str) -> str:
    """A VirtualService with these entries under ``http``."""
    return HEAD + "".join(f"  - {route.strip()}\n{ROUTE}" for route in routes)


def faults(text: str) -> dict[str, Any]:
    """The translated toggles, once through TOML; each can be read."""
    found = translate(text)
    assert not found.notes
    tables: dict[str, Any] = tomllib.loads(as_toml(found.faults))["faults"]
    for name, table in tables.items():
        read_toggle(name, table)
    return tables


@pytest.mark.parametrize(
    ("fault", "table"),
    [
        ("{delay: {fixedDelay: 7s}}", {"delay": "7s"}),
        ("{delay: {fixedDelay: 7s, percentage: {value: 100}}}", {"delay": "7s"}),
        (
            "{delay: {fixedDelay: 0.5s, percentage: {value: 0.1}}}",
            {"delay": {"delay": "0.5s", "percentage": 0.1}},
        ),
        ("{delay: {fixedDelay: 1h, percentage: {}}}", {"delay": {"delay": "1h", "percentage": 0.0}}),
        ("{delay: {fixedDelay: 100ms, percent: 10}}", {"delay": {"delay": "100ms", "percentage": 10}}),
        ("{abort: {httpStatus: 500}}", {"status": 500}),
        (
            "{delay: {fixedDelay: 1s}, abort: {httpStatus: 503, percentage: {value: 50.0}}}",
            {"delay": "1s", "status": {"code": 503, "percentage": 50.0}},
        ),
    ],
)
def test_faults(fault: str, table: dict[str, Any]) -> None:
    """Delay and abort, alone and together; percentages have fractions, and unset is all."""
    assert faults(service(f"fault: {fault}")) == {"ratings": {"edge": "* -> ratings", **table}}


def test_a_thousandth_is_a_tenth_of_a_percent() -> None:
    """0.1 means one request in a thousand."""
    found = translate(service("fault: {abort: {httpStatus: 500, percentage: {value: 0.1}}}"))
    (spec,) = read_toggle("a", found.faults["ratings"]).specs
    assert spec.percentage == 0.1


@pytest.mark.parametrize(
    ("match", "table"),
    [
        ("headers: {end-user: {exact: jason}}", {"match": {"header": {"end-user": "jason"}}}),
        ("headers: {end-user: {prefix: ja}}", {"match": {"header": {"end-user": "ja*"}}}),
        ("headers: {end-user: {}}", {"match": {"header": {"end-user": "*"}}}),
        ("uri: {exact: /charges/1}", {"match": {"path": "/charges/1"}}),
        ("uri: {prefix: /charges}", {"match": {"path": "/charges**"}}),
        ("method: {exact: POST}", {"match": {"method": "POST"}}),
        ("sourceLabels: {app: reviews}", {"edge": "reviews -> ratings"}),
    ],
)
def test_matches(match: str, table: dict[str, Any]) -> None:
    """What we know is taken over."""
    text = service(f"match: [{{{match}}}]\n    fault: {{abort: {{httpStatus: 500}}}}")
    assert faults(text) == {"ratings": {"edge": "* -> ratings", "status": 500, **table}}


@pytest.mark.parametrize(
    "match",
    [
        "headers: {end-user: {regex: 'j.*'}}",
        "uri: {regex: '/a.*'}",
        "uri: {exact: '/a*'}",
        "method: {prefix: P}",
        "sourceLabels: {version: v2}",
        "queryParams: {a: {exact: b}}",
        "withoutHeaders: {a: {}}",
        "port: 80",
    ],
)
def test_what_would_hit_more_is_left_out(match: str) -> None:
    """A condition that we do not have takes its fault with it, and is named with its line."""
    found = translate(service(f"match: [{{{match}}}]\n    fault: {{abort: {{httpStatus: 500}}}}"))
    assert found.faults == {}
    (note,) = found.notes
    assert note.line == 9
    assert match.partition(":")[0] in note.text or match.partition("{")[2].partition(":")[0] in note.text


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            "{abort: {grpcStatus: UNAVAILABLE}}",
            ["abort.grpcStatus has no counterpart", "abort without httpStatus"],
        ),
        ("{delay: {exponentialDelay: 1s}}", ["delay.exponentialDelay has no", "delay without fixedDelay"]),
        ("{abort: {httpStatus: 999}}", ["found 999"]),
        ("{abort: {httpStatus: 500, percentage: {value: 101}}}", ["101 is no percentage"]),
        ("{delay: {fixedDelay: soon}}", ["found 'soon'"]),
    ],
)
def test_faults_that_we_do_not_have(fault: str, told: list[str]) -> None:
    """Each is said."""
    found = translate(service(f"fault: {fault}"))
    assert found.faults == {}
    assert len(found.notes) == len(told)
    texts = "\n".join(note.text for note in found.notes)
    assert all(one in texts for one in told)


def test_entries_of_a_match_are_toggles_each() -> None:
    """One or the other."""
    text = service(
        "match: [{method: {exact: GET}}, {method: {exact: PUT}}]\n    fault: {abort: {httpStatus: 500}}"
    )
    assert {name: table["match"] for name, table in faults(text).items()} == {
        "ratings": {"method": "GET"},
        "ratings-2": {"method": "PUT"},
    }


def test_hosts_and_gateways() -> None:
    """Full names are cut; behind a gateway callers are outside, and callees are the destinations."""
    text = service("fault: {abort: {httpStatus: 500}}")
    named = text.replace("- ratings\n", "- ratings.shop.svc.cluster.local\n  - reviews\n")
    assert faults(named)["ratings"]["edges"] == ["* -> ratings", "* -> reviews"]
    gated = text.replace("  hosts:", "  gateways: [public, mesh]\n  hosts:")
    assert faults(gated)["ratings"]["edges"] == ["* -> ratings", "outside -> ratings"]
    only = text.replace("  hosts:", "  gateways: [public]\n  hosts:")
    assert faults(only)["ratings"]["edge"] == "outside -> ratings"


def test_an_earlier_route_is_told() -> None:
    """There the first route that matches takes a request; here it is hit all the same, which is said."""
    found = translate(service("match: [{uri: {prefix: /a}}]", "fault: {abort: {httpStatus: 500}}"))
    assert list(found.faults) == ["ratings"]
    assert [(note.line, note.text) for note in found.notes] == [
        (14, "requests that the route at line 9 takes first are hit by this fault, too")
    ]


def test_other_documents_and_lists() -> None:
    """Other kinds are nobody's business here; lists are opened, and names are made unique."""
    one = service("fault: {abort: {httpStatus: 500}}")
    other = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\n"
    assert list(faults(f"{one}---\n{other}---\n{one}---\n- a list\n---\n")) == ["ratings", "ratings-2"]
    inner = "\n".join(f"  {line}" for line in one.splitlines())
    assert list(faults(f"kind: List\nitems:\n-{inner[1:]}\n")) == ["ratings"]


@pytest.mark.parametrize("text", ["a: [", "{" * 5000, "a: &x [*x, *x]"])
def test_no_yaml(text: str) -> None:
    """It is said, with the line where there is one, and nothing hangs."""
    with pytest.raises(UsageError, match="no YAML"):
        list(documents(text))


def test_laughs_are_bounded() -> None:
    """Anchors that stand for billions of nodes are refused."""
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    with pytest.raises(UsageError, match="too much"):
        list(documents("\n".join(lines)))
