"""Several edges as one."""

from meshdev.tui.graph.flow import Flow, flow_of
from support_dashboard import signals


def test_rates_add_up_and_the_worst_percentile_counts() -> None:
    """Endpoints of one edge, or edges of one team."""
    one = signals("a", "b", rps=3.0, eps=0.3, p50_ms=1.0, p99_ms=10.0)
    other = signals("a", "b", endpoint="admin", rps=1.0, p50_ms=4.0, p99_ms=7.0, faults=["slow"])
    flow = flow_of([one, other])
    assert flow.rps == 4.0
    assert flow.share == 0.075
    assert (flow.p50_ms, flow.p99_ms) == (4.0, 10.0)
    assert flow.faults == ("slow",)
    assert flow.active


def test_nothing_flows_where_there_are_no_signals() -> None:
    """Not even a used edge."""
    assert Flow() == flow_of([])
    assert not flow_of([signals("a", "b", observed=False)]).used


def test_trouble_is_told() -> None:
    """Whichever edge has it."""
    flow = flow_of([signals("a", "b"), signals("a", "b", denied="rule", circuit="open", declared=False)])
    assert (flow.denied, flow.circuit, flow.undeclared) == ("rule", "open", True)
    assert flow_of([signals("a", "b"), signals("a", "b", endpoint="x", foreign="c")]).foreign == "c"
