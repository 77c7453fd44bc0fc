"""What is known to be secret: the words that mark it, also when it is forgotten."""

from meshdev.recording.redaction.known import Known

FIRST, SECOND = "ghp-4f9a2c81b7d0", "zzz-51e6d03c9ab8"


def test_words_of_secrets_are_marked_until_they_are_forgotten() -> None:
    """The one not met for longest goes, and its word is as any other again."""
    known = Known(most=1)
    known.learn(FIRST, "x")
    assert not known.unmarked([b"4f9a2c81b7d0"])
    known.learn(SECOND, "y")
    assert known.unmarked([b"4f9a2c81b7d0"])
    assert not known.unmarked([b"51e6d03c9ab8"])


def test_noticed_words_stay_marked() -> None:
    """Also those that were a secret's, too."""
    known = Known(most=1)
    known.notice(frozenset({b"4f9a2c81b7d0", b"otp"}))
    known.learn(FIRST, "x")
    known.learn(SECOND, "y")
    assert not known.unmarked([b"4f9a2c81b7d0"])
    assert not known.unmarked([b"otp"])
