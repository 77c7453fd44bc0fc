"""URLs made and taken apart."""

import pytest

from meshdev.recording.formats.address import taken_apart, url_of


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://api.example.com:8443/v1?a=1#x", ("api.example.com", "/v1?a=1")),
        ("http://LOCALHOST:3000", ("localhost:3000", "/")),
        ("ws://user:secret@127.0.0.1:80/live", ("127.0.0.1:80", "/live")),
        ("http://[::1]:80/?q", ("[::1]:80", "/?q")),
        ("http://shop?q=1", ("shop", "/?q=1")),
        ("blob:http://a/b", None),
        ("http:///x", None),
        ("http://[bad/x", None),
        ("/x", None),
    ],
)
def test_a_url_is_taken_apart(url: str, parts: tuple[str, str] | None) -> None:
    """The host is the service, with its port only where the host says nothing."""
    assert taken_apart(url) == parts


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/a?b=c", "http://x/a?b=c"),
        ("http://proxied/a", "http://x/a"),
        ("*", "http://x/*"),
        ("/a b%zz\xe9", "http://x/a%20b%25zz%E9"),
    ],
)
def test_a_url_is_made(target: str, url: str) -> None:
    """What may not stand in a URL is encoded, what is encoded stays."""
    assert url_of("x", target, {}) == url
    assert url_of("x", target, {"x": "https://y:1/"}) == url.replace("http://x", "https://y:1")
