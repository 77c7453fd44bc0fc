"""How long calls wait for a service that has no incarnation."""

from pathlib import Path

import pytest

from meshdev.daemon.patience import Patience, patience
from meshdev.lifecycle.model import Desired, Phase, ServiceState
from support_system import system

SHOP = """
[services.orders]
command = "sleep 1"

[services.rare]
command = "sleep 1"
start = "on-demand"
ready_timeout = "90s"

[services.worker]
command = "sleep 1"
protocol = "none"
start = "on-demand"
"""


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, Patience(0.0)),
        (ServiceState("orders"), Patience(0.0)),
        (ServiceState("orders", Desired.UP), Patience(None)),
        (ServiceState("orders", Desired.UP, Phase.GAVE_UP), Patience(0.0)),
        (ServiceState("rare"), Patience(0.0)),
        (ServiceState("rare", wakes=True), Patience(90.0, wake=True)),
        (ServiceState("rare", Desired.UP, Phase.STARTING), Patience(90.0)),
        (ServiceState("rare", Desired.UP, Phase.GAVE_UP), Patience(0.0)),
        (ServiceState("worker", wakes=True), Patience(60.0, wake=True)),
        (ServiceState("left", Desired.UP), Patience(None)),
    ],
)
def test_patience(tmp_path: Path, state: ServiceState | None, expected: Patience) -> None:
    """On its way: as usual; on demand: as long as its start may take; stopped or given up: not at all."""
    assert patience(system(tmp_path, SHOP), state) == expected
