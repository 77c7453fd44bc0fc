"""One service alone: who stays, who is played, whose data is whose."""

from pathlib import Path

import pytest

from meshdev.errors import UsageError
from meshdev.topology.alone import alone
from meshdev.topology.load import load
from meshdev.topology.model import Process, System
from meshdev.topology.recordings import Stub

FILE = """
[system]
name = "shop"

[services.front]
command = "front"
calls = ["orders"]
ports = ["18080:http"]

[services.orders]
command = "orders --data ${databases.orders.url}"
calls = ["payments", "stock"]
uses = ["databases.orders"]
depends_on = { migrate = "completed", front = "started" }
ports = ["18081:http"]
replicas = 3
environment = { DATABASE = "${databases.orders.url}" }

[services.payments]
command = "payments"
calls = ["bank"]
[services.stock]
command = "stock"
[services.bank]
command = "bank"
[services.migrate]
command = "migrate"
one_shot = true

[databases.orders]
engine = "sqlite"
"""


@pytest.fixture
def system(tmp_path: Path) -> System:
    """The shop."""
    file = tmp_path / "meshdev.toml"
    file.write_text(FILE)
    return load(file, profiles=None, environ={})


def test_who_is_there(system: System, tmp_path: Path) -> None:
    """The service and its migration are real, those that it calls are played, all others are not there."""
    made = alone(system, "orders", ("day",), tmp_path / "alone")
    runs = {name: type(one.run) for name, one in made.services.items()}
    assert runs == {"orders": Process, "payments": Stub, "stock": Stub, "migrate": Process, "front": Stub}
    assert made.services["payments"].run == Stub(("day",))


def test_nothing_of_the_whole_system_is_touched(system: System, tmp_path: Path) -> None:
    """No fixed port, data of its own, one instance."""
    made = alone(system, "orders", ("day",), tmp_path / "alone")
    orders = made.services["orders"]
    assert orders.ports == ()
    assert orders.replicas == 1
    assert str(made.embedded["databases.orders"].path).startswith(str(tmp_path / "alone"))
    assert str(tmp_path / ".meshdev") not in repr(orders.environment)
    assert str(tmp_path / "alone" / ".meshdev") in orders.environment["DATABASE"]


def test_what_cannot_be_alone(system: System, tmp_path: Path) -> None:
    """A name that is none is told with the nearest."""
    with pytest.raises(UsageError) as unknown:
        alone(system, "order", ("day",), tmp_path)
    assert unknown.value.hint == 'did you mean "orders"?'
