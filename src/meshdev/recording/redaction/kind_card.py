"""Card numbers, in any text."""

import re
from typing import Final

from meshdev.recording.redaction.card import CARD, is_card
from meshdev.recording.redaction.kinds import Context, Edit, Kind


def _replace(found: re.Match[str], context: Context) -> Edit | None:
    return (found.start(), found.end(), context.mint.card(found[0])) if is_card(found[0]) else None


CARDS: Final = Kind(
    "card number",
    "13 to 19 digits of a card brand's range that pass Luhn, in a run or in the groups of a card",
    (),
    CARD,
    _replace,
)
