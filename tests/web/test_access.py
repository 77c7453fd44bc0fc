"""The rules of the browser's door."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.web.access import Access, fresh_token, hosts_of, is_loopback

ACCESS = Access("secret", hosts_of(["127.0.0.1", "localhost", "[::1]"], 8080))
HERE = "127.0.0.1:8080"


@pytest.mark.parametrize(
    ("path", "host", "origin", "websocket"),
    [
        ("/secret/", HERE, None, False),
        ("/secret/static/js/textual.js", HERE, f"http://{HERE}", False),
        ("/secret/", "LOCALHOST:8080", "http://localhost:8080", False),
        ("/secret/ws", HERE, f"http://{HERE}", True),
        ("/secret/ws", "[::1]:8080", "http://[::1]:8080", True),
    ],
)
def test_our_own_page_is_let_in(path: str, host: str, origin: str | None, *, websocket: bool) -> None:
    """By every name of this machine, with the token, from our own page or from nowhere."""
    assert ACCESS.refusal(path, host, origin, websocket=websocket) == ""


@pytest.mark.parametrize(
    ("path", "host", "origin", "websocket", "why"),
    [
        ("/secret/", "evil.example:8080", None, False, "address"),  # DNS rebinding
        ("/secret/", "127.0.0.1:9090", None, False, "address"),
        ("/secret/", "127.0.0.1", None, False, "address"),
        ("/secret/", "", None, False, "address"),
        ("/secret/", HERE, "http://evil.example", False, "page"),
        ("/secret/", HERE, "null", False, "page"),
        ("/secret/ws", HERE, "http://127.0.0.1:9090", True, "page"),  # a service on this machine
        (
            "/secret/ws",
            HERE,
            "http://localhost:8080",
            True,
            "page",
        ),  # ours, but not the page that was given out
        ("/secret/ws", HERE, f"https://{HERE}", True, "page"),
        ("/secret/ws", HERE, None, True, "page"),
        ("/", HERE, None, False, "token"),
        ("/wrong/", HERE, None, False, "token"),
        ("/secre/", HERE, None, False, "token"),
        ("/secrets/", HERE, None, False, "token"),
        ("//secret/", HERE, None, False, "token"),
        ("/geheimniß/", HERE, None, False, "token"),
        ("/\ud800/", HERE, None, False, "token"),
    ],
)
def test_others_are_refused(path: str, host: str, origin: str | None, *, websocket: bool, why: str) -> None:
    """A foreign name, a foreign page, no page at all at the websocket, no token or a wrong one."""
    assert why in ACCESS.refusal(path, host, origin, websocket=websocket)


@given(path=st.text(), host=st.text(), origin=st.none() | st.text(), websocket=st.booleans())
def test_no_guess_comes_in(path: str, host: str, origin: str | None, *, websocket: bool) -> None:
    """Whatever is sent without the token is refused, and nothing raises."""
    assert ACCESS.refusal(path.replace("secret", ""), host, origin, websocket=websocket)


def test_tokens_are_long_and_differ() -> None:
    """256 bits, fit for a path as they are."""
    tokens = {fresh_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 and token.replace("-", "").replace("_", "").isalnum() for token in tokens)


def test_hosts_have_their_port() -> None:
    """The port of HTTP itself may be left out, others never."""
    assert hosts_of(["localhost"], 8080) == {"localhost:8080"}
    assert hosts_of(["localhost"], 80) == {"localhost:80", "localhost"}


@pytest.mark.parametrize(
    ("address", "alone"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("0.0.0.0", False)]
)
def test_loopback(address: str, *, alone: bool) -> None:
    """Which addresses only this machine reaches."""
    assert is_loopback(address) is alone
