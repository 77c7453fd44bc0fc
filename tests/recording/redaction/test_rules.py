"""The user's rules: what is refused, and in which words."""

import pytest

from meshdev.errors import RecordingError
from meshdev.recording.redaction import DEFAULT_RULES, Rules


def test_rules_only_grow() -> None:
    """`extended` adds to what is there."""
    rules = DEFAULT_RULES.extended(fields=["a"], keep=["b"]).extended(
        fields=["c"], headers=["X-D"], patterns=["e+f"]
    )
    assert rules == Rules(headers=("X-D",), fields=("a", "c"), patterns=("e+f",), keep=("b",))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (
            "(",
            "recording.redact.patterns[1]: not a regular expression: missing ), unterminated subpattern at position 0",
        ),
        ("a*", "recording.redact.patterns[1]: finds the empty text, so it would find something everywhere"),
        (
            "(a+)+b",
            "recording.redact.patterns[1]: repeats what is repeated already, which can take for ever on some texts",
        ),
        (
            r"x(?:\d*)*y",
            "recording.redact.patterns[1]: repeats what is repeated already, which can take for ever on some texts",
        ),
        ("a" * 1001, "recording.redact.patterns[1]: longer than 1000 characters"),
    ],
)
def test_a_wrong_pattern_is_refused(pattern: str, said: str) -> None:
    """With its place, and what to do."""
    with pytest.raises(RecordingError) as caught:
        Rules().extended(patterns=["fine", pattern], place="recording.redact")
    assert caught.value.message == said
    assert caught.value.hint


@pytest.mark.parametrize("what", ["headers", "fields", "keep"])
def test_a_name_that_names_nothing(what: str) -> None:
    """A lone ``*`` would be everything."""
    with pytest.raises(RecordingError, match=rf'redact\.{what}\[0\]: "\*" names nothing'):
        Rules().extended(
            headers=["*"] * (what == "headers"),
            fields=["*"] * (what == "fields"),
            keep=["*"] * (what == "keep"),
        )


@pytest.mark.parametrize("pattern", [r"CUST-\d{6}", r"(?:ab|cd)+", r"[+*]{3}", r"\(x+\)+", r"key=(\w+)"])
def test_ordinary_patterns_are_taken(pattern: str) -> None:
    """Repetition alone is no reason."""
    assert Rules().extended(patterns=[pattern]).patterns == (pattern,)
