"""What is said about one fault."""

from dataclasses import replace

from meshdev.tui.cells import width_of
from meshdev.tui.chaos.facts import fault_facts
from meshdev.tui.chaos.history import History
from meshdev.wire.fault_views import FaultPartView, FaultView
from support_chaos import SLOW, SOME, edges, fault, faulty, many
from support_dashboard import NOW, signals


def said(one: FaultView, history: History | None = None, width: int = 60, **changes: object) -> str:
    """The lines as text; none is too wide."""
    shown = replace(faulty(), **changes)  # type: ignore[arg-type]
    lines = fault_facts(shown, one, history or History(), NOW, width, keys=frozenset("pn"))
    texts = ["".join(span.text for span in line) for line in lines]
    assert max(map(width_of, texts)) <= width
    return "\n".join(texts)


def test_the_effect_is_told() -> None:
    """Before and now, with the moment of the switch in the picture."""
    history = History()
    for back in range(58, -1, -1):
        history.note(edges(NOW - back, slow=back < 12), [SLOW] if back <= 12 else [], NOW - back)
    text = said(SLOW, history)
    assert "240ms → 2.1s" in text
    assert "↑ on" in text
    assert "37 hits" in text
    assert "1m40 left" in text


def test_without_a_past_that_is_said() -> None:
    """The dashboard came after the fault."""
    assert "nothing is known of before" in said(SLOW)


def test_everything_fits_into_any_width() -> None:
    """Long names, many edges, all states."""
    for one in (*SOME, *many()):
        for width in (20, 44, 60, 150):
            assert one.name[:3] in said(one, width=width)


def test_what_it_is_for_and_who_holds_it_is_told() -> None:
    """Instances, leases, keys that are taken, ramps."""
    assert "Services" in said(SOME[1])
    assert "lease lease-3: ends when that does" in said(SOME[5])
    assert "1 is a key of the dashboard" in said(SOME[2])
    assert "40% of its strength" in said(SOME[4])
    assert "full strength" in said(fault("old", ramp=5.0))


def test_what_cannot_act_on_what_is_spoken_says_so() -> None:
    """A status on SQL; latency acts on any bytes."""
    sql = signals("orders", "databases.shop", protocol="postgres", endpoint="postgres")
    at = {"target": "orders -> databases.shop", "edges": ["orders -> databases.shop:postgres"]}
    status = FaultPartView(key="no/status", kind="status", layer="http", words="status 503", values={})
    latency = FaultPartView(key="no/latency", kind="latency", layer="bytes", words="latency 1s", values={})
    assert "speaks postgres" in said(fault("no", parts=[status], **at), signals=(sql,))
    assert "speaks postgres" not in said(fault("no", parts=[latency], **at), signals=(sql,))
