"""What somebody wants recorded, read."""

from pathlib import Path

import pytest

from meshdev.daemon.recording.asked import asked
from meshdev.errors import UsageError
from meshdev.topology.load import load
from meshdev.topology.model import System
from meshdev.wire.mesh import EdgeKey
from meshdev.wire.recording_views import RecordRequest

EDGES = [
    EdgeKey("web", "orders", "http"),
    EdgeKey("orders", "payments", "http"),
    EdgeKey("outside", "web", "http"),
]


@pytest.fixture
def system(tmp_path: Path) -> System:
    """Three services."""
    file = tmp_path / "meshdev.toml"
    file.write_text(
        '[system]\nname = "s"\n'
        '[services.web]\ncommand = "w"\ncalls = ["orders"]\n'
        '[services.orders]\ncommand = "o"\ncalls = ["payments"]\n'
        '[services.payments]\ncommand = "p"\n'
    )
    return load(file, profiles=None, environ={})


def test_nothing_named_is_everything(system: System) -> None:
    """Every edge."""
    wanted = asked(RecordRequest(), system, EDGES)
    assert all(map(wanted.means, EDGES))
    assert wanted.words == []


def test_edges_and_services(system: System) -> None:
    """Edges by pattern, services with what goes in and out."""
    assert [asked(RecordRequest(edges=["* -> payments"]), system, EDGES).means(key) for key in EDGES] == [
        False,
        True,
        False,
    ]
    assert [asked(RecordRequest(services=["orders"]), system, EDGES).means(key) for key in EDGES] == [
        True,
        True,
        False,
    ]


def test_a_match_is_that_of_faults(system: System) -> None:
    """Method, path and headers; counting is not for recordings."""
    wanted = asked(RecordRequest(match={"method": "POST", "path": "/a/*"}), system, EDGES)
    assert wanted.match.methods == ("POST",)
    assert dict(wanted.match_table) == {"method": ["POST"], "path": "/a/*"}


@pytest.mark.parametrize(
    ("request_", "message", "hint"),
    [
        (RecordRequest(edges=["web"]), "'web' is no edge", "orders -> payments"),
        (
            RecordRequest(edges=["web -> order"]),
            "no edge is called 'web -> order'",
            'did you mean "web -> orders"?',
        ),
        (RecordRequest(services=["order"]), "no service is called 'order'", 'did you mean "orders"?'),
        (RecordRequest(match={"every": 2}), "every is not for recordings", "accepted"),
        (RecordRequest(match={"methode": "GET"}), 'unknown key "methode"', "method"),
    ],
)
def test_what_is_wrong_is_told(system: System, request_: RecordRequest, message: str, hint: str) -> None:
    """With the way out."""
    with pytest.raises(UsageError) as wrong:
        asked(request_, system, EDGES)
    assert message in wrong.value.message
    assert hint in wrong.value.hint
