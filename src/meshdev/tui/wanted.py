"""Filters by words, as the tables of services, faults and topics have them. Pure."""


def words_hold(text: str, wanted: str) -> bool:
    """Whether each word of ``wanted`` is in ``text`` (lower case); ``!word`` must not be.

    >>> words_hold("orders healthy checkout", "order !broken")
    True
    """
    return all(
        word[1:] not in text if word.startswith("!") and len(word) > 1 else word in text
        for word in wanted.lower().split()
    )
