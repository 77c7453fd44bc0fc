"""The edges of a service in its details."""

from dataclasses import replace

from meshdev.tui.cells import width_of
from meshdev.tui.model import Picture
from meshdev.tui.neighbours import edges_of
from meshdev.tui.tone import Tone
from support_dashboard import healthy, signals

EDGES = (
    signals("orders", "payments", rps=6.3, eps=0.63, p99_ms=65.0, circuit="open"),
    signals("orders", "brokers.events", protocol="nats"),
    signals("orders", "shipping", rps=0.0, p99_ms=12.0),
    signals("orders", "carts", rps=1.0, declared=False),
    signals("outside", "orders", rps=1.0, denied="only storefront", faults=["slow payments"], declared=False),
)


def lines(picture: Picture, name: str = "orders", width: int = 44) -> list[str]:
    """The text of each line."""
    service = picture.service(name)
    assert service is not None
    return ["".join(span.text for span in line) for line in edges_of(picture, service, width)]


def test_edges_tell_what_they_carry() -> None:
    """Rate, errors, p99; and what is unusual, in words."""
    found = lines(replace(healthy(), signals=EDGES))
    payments = next(number for number, line in enumerate(found) if "payments" in line)
    assert found[payments].split() == ["●", "payments", "6.3", "10%", "65ms"]
    assert "circuit open" in found[payments + 1]
    assert next(line for line in found if "shipping" in line).split() == ["●", "shipping", "0", "12ms"]
    assert next(line for line in found if "brokers" in line).split() == [
        "●",
        "brokers.events",
        "uses",
        "nats",
    ]
    carts = next(number for number, line in enumerate(found) if "carts" in line)
    assert "not declared" in found[carts + 1]
    outside = next(number for number, line in enumerate(found) if "outside" in line)
    assert "denied by only storefront" in found[outside + 1]
    assert "⚡ slow payments" in found[outside + 1]


def test_without_a_mesh_names_are_enough() -> None:
    """No figures, no heads over nothing."""
    found = lines(healthy())
    assert "Calls and needs" in found
    assert not any("RPS" in line for line in found)


def test_lines_fit_and_figures_stand_near() -> None:
    """On a narrow pane nothing is cut off, on a wide one nothing flies away."""
    picture = replace(healthy(), signals=EDGES)
    for width in (30, 44, 200):
        for line in lines(picture, width=width):
            if "denied" not in line:
                assert width_of(line) <= min(width, 64)


def test_errors_are_loud() -> None:
    """A share of errors has the tone of its size."""
    picture = replace(healthy(), signals=EDGES)
    service = picture.service("orders")
    assert service is not None
    tones = {span.text.strip(): span.tone for line in edges_of(picture, service, 44) for span in line}
    assert tones["10%"] is Tone.ALERT
