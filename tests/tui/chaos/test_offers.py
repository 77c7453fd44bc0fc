"""What the form offers."""

from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.describe import kind_view
from meshdev.tui.chaos.offers import offered_faults, offered_targets, targets_of, word_at
from support_chaos import faulty

KINDS = [kind_view(kind) for kind in CATALOGUE.values()]


def test_targets_are_edges_services_and_teams() -> None:
    """Each once; databases that are files have no edge in the mesh."""
    texts = [offer.text for offer in targets_of(faulty())]
    assert {"orders -> payments", "orders -> brokers.events", "payments", "team:sales"} <= {*texts}
    assert len(texts) == len({*texts})


def test_targets_are_found_by_words() -> None:
    """Of either end; one that stands there already hides no other."""
    targets = targets_of(faulty())
    assert [offer.text for offer in offered_targets(targets, "ord pay")] == ["orders -> payments"]
    assert offered_targets(targets, "payments") == list(targets)


def test_kinds_are_found_by_name_and_by_what_they_do() -> None:
    """The name first."""
    assert len(offered_faults(KINDS, "", 0)) == len(KINDS)
    assert offered_faults(KINDS, "lat", 3)[0].text == "latency="
    assert offered_faults(KINDS, "blackh", 6)[0].shown.startswith("timeout")
    assert "reset" in [offer.text.rstrip("=") for offer in offered_faults(KINDS, "connection", 10)]


def test_after_the_kind_come_its_parameters() -> None:
    """With unit, default, and what may be chosen; not those that are there."""
    offers = offered_faults(KINDS, "latency=1s,jitter=5ms status=503", 8)
    texts = [offer.text for offer in offers]
    assert "latency=1s,jitter=5ms,distribution=" in texts
    assert not [text for text in texts if text.count("jitter") > 1]
    assert texts[-1] == "latency=1s,jitter=5ms@10%"
    assert any("default" in offer.about for offer in offered_faults(KINDS, "rate-limit=5", 12))


def test_the_share_stays_at_the_end() -> None:
    """A parameter comes before it."""
    texts = [offer.text for offer in offered_faults(KINDS, "latency=1s@10%", 10)]
    assert "latency=1s,jitter=@10%" in texts


def test_words_end_at_blanks() -> None:
    """The one under the cursor."""
    assert word_at("ab cd ef", 4) == (3, 5)
    assert word_at("", 0) == (0, 0)
    assert word_at("ab ", 3) == (3, 3)
