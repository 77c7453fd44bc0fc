"""The cheap no to runs of digits: whatever is a card number anywhere in a text is not passed over."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.recording.redaction.card import CARD, holds_card, is_card
from meshdev.recording.redaction.known import Known
from meshdev.recording.redaction.suspicion import Suspicion

VISA = "4111111111111111"
AMEX = "378282246310005"
SPELT = (VISA, "4111 1111 1111 1111", "4111-1111-1111-1111", "4111+1111+1111+1111", AMEX, "3782 822463 10005")


@given(
    before=st.text("0123456789 -+.,:abc\\nrt\n\"'{}[]", max_size=12),
    number=st.one_of(st.sampled_from(SPELT), st.from_regex(r"[2-6][0-9]{12,18}", fullmatch=True)),
    behind=st.text("0123456789 -+.,:abc\\nrt\n\"'{}[]", max_size=12),
)
def test_a_card_between_anything_is_suspected(before: str, number: str, behind: str) -> None:
    """If the pattern finds one that is a card, the bytes are suspected."""
    text = before + number + behind
    if any(is_card(found[0]) for found in CARD.finditer(text)):
        assert Suspicion(Known())(text.encode())


def test_a_run_that_holds_no_card_is_passed_over() -> None:
    """Times, counters and other digits are not."""
    assert not holds_card("20260921000001")
    assert not holds_card("1790000000123")
    assert not holds_card("4111111111111112")
    assert holds_card("99" + VISA + "7")
