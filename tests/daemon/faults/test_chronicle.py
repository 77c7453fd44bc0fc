"""Logs tell of the faults that their services meet."""

from meshdev.daemon.faults.chronicle import Chronicle


def test_on_first_hit_and_off_once_each() -> None:
    """In the log of each service, and nothing of what hits later, or of a fault that nobody was told of."""
    said: list[tuple[str, str]] = []
    chronicle = Chronicle(lambda service, text: said.append((service, text)))
    chronicle.begins("slow", "fault slow is on: late", ["orders", "payments"])
    assert chronicle.look({}) == chronicle.look({"other": 3}) == []
    assert chronicle.look({"slow": 2}) == ["fault slow acts: 2 hits so far"]
    assert chronicle.look({"slow": 9}) == []
    chronicle.ends("slow", "fault slow is off")
    chronicle.ends("slow", "fault slow is off")
    lines = ["fault slow is on: late", "fault slow acts: 2 hits so far", "fault slow is off"]
    assert said == [(service, line) for line in lines for service in ("orders", "payments")]


def test_one_that_is_switched_on_anew_is_told_anew() -> None:
    """Its hits count from then."""
    said: list[str] = []
    chronicle = Chronicle(lambda _, text: said.append(text))
    for _ in range(2):
        chronicle.begins("slow", "on", ["orders"])
        chronicle.look({"slow": 1})
    assert said == ["on", "fault slow acts: 1 hit so far"] * 2
