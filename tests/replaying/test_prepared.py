"""What a replay needs: a URL that a person gave is one, or is refused before anything is sent."""

import pytest

from meshdev.errors import UsageError
from meshdev.replaying.prepared import given_url


@pytest.mark.parametrize(
    "text", ["http://localhost:8080", "https://staging.example/payments", "http://[::1]:80"]
)
def test_a_url_is_taken_as_it_is(text: str) -> None:
    """With its path."""
    assert given_url(text) == text


@pytest.mark.parametrize(
    "text", ["", "nonsense", "localhost:8080", "ftp://x", "http://", "http://x:99999", "http://x:y"]
)
def test_what_nothing_can_be_sent_to_is_refused(text: str) -> None:
    """With what would be accepted."""
    with pytest.raises(UsageError, match="accepted: an http:// or https:// URL"):
        given_url(text)
