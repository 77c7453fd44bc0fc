"""Who needs whom."""

from meshdev.lifecycle.order import Graph
from meshdev.topology.model import Service
from support_lifecycle import after, service


def graph(*services: Service) -> Graph:
    """The order of these services."""
    return Graph({one.name: one for one in services})


def test_a_start_pulls_in_what_is_required_and_used() -> None:
    """Directly or not, but neither what is optional nor what is only called."""
    order = graph(
        service("db"),
        service("broker"),
        service("mail"),
        service("payments", depends_on=(after("db"),)),
        service(
            "orders",
            depends_on=(after("payments"), after("mail", required=False)),
            uses=("broker",),
            calls=("shipping",),
        ),
        service("shipping"),
    )
    assert {"orders", "payments", "db", "broker"} == set(order.closure(["orders"]))


def test_names_that_the_system_lacks_are_left_out() -> None:
    """A profile may have taken them away."""
    order = graph(service("orders", depends_on=(after("gone"),), uses=("brokers.gone",)))
    assert order.closure(["orders", "nobody"]) == ["orders"]
    assert order.stop_first == {"orders": []}


def test_dependents_and_users_stop_first() -> None:
    """What needs a thing goes before that thing."""
    order = graph(
        service("db"), service("broker"), service("orders", depends_on=(after("db"),), uses=("broker", "db"))
    )
    assert order.stop_first == {"db": ["orders"], "broker": ["orders"], "orders": []}
    assert sorted(order.stops_after["orders"]) == ["broker", "db"]


def test_a_circle_holds_up_no_stop() -> None:
    """Of two that need each other one goes first; neither waits for ever."""
    order = graph(service("broker", depends_on=(after("orders"),)), service("orders", uses=("broker",)))
    assert sum(len(names) for names in order.stop_first.values()) == 1


def test_a_cascade_goes_through_and_ends() -> None:
    """Each follower once, however many ways lead to it, and not who began it."""
    order = graph(
        service("db", depends_on=(after("web", restart=True),)),
        service("payments", depends_on=(after("db", restart=True),)),
        service("orders", depends_on=(after("db", restart=True), after("payments", restart=True))),
        service("web", depends_on=(after("orders", restart=True),)),
        service("mail", depends_on=(after("db"),)),
    )
    assert {"payments", "orders", "web"} == set(order.cascade("db"))
