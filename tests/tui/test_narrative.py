"""What the dashboard sees change by itself."""

import pytest

from meshdev.tui.model import Happening
from meshdev.tui.narrative import happened
from meshdev.wire.control import ExitView, InstanceView
from support_dashboard import NOW, service

ENDED = InstanceView(
    id="a-0",
    generation=1,
    pid=None,
    port=None,
    phase="exited",
    health="unknown",
    since=NOW,
    exit=ExitView(at=NOW, code=0),
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"phase": "starting", "since": NOW - 2.5}, {"since": NOW}, "is healthy after 2.5 s"),
        ({"phase": "waiting", "since": NOW - 9}, {"since": NOW}, "is healthy"),
        ({"phase": "backoff"}, {"health": "unknown"}, "is running"),
        ({}, {"phase": "stopped", "instances": []}, "is stopped"),
        ({}, {"phase": "exited", "instances": [ENDED]}, "has finished"),
        ({}, {}, ""),
        ({"health": "unhealthy"}, {}, ""),
        ({}, {"phase": "gave-up"}, ""),
        ({}, {"phase": "backoff"}, ""),
        ({"phase": "waiting"}, {"phase": "starting"}, ""),
    ],
)
def test_quiet_changes_are_told(old: dict[str, object], new: dict[str, object], expected: str) -> None:
    """A start that went well and an end; what the daemon gives notice of is left to it."""
    found = happened((service("a", **old),), (service("a", **new),), NOW)
    assert [each.text for each in found] == ([expected] if expected else [])


def test_that_all_are_healthy_is_told_once() -> None:
    """When the last one gets there."""
    waiting = (service("a"), service("b", phase="starting", since=NOW - 1))
    ready = (service("a"), service("b", since=NOW))
    assert happened(waiting, ready, NOW)[-1] == Happening(NOW, "", "all 2 services are healthy")
    assert happened(ready, ready, NOW) == []
    assert happened((), ready, NOW) == []
