"""Of a request that was refused, what it seems to have been is told, whatever it consists of."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.refused import refused_head


def test_method_and_target_are_told() -> None:
    """As far as the first line has them."""
    head = refused_head(b"POST /pay?x=1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
    assert (head.method, head.target) == ("POST", b"/pay?x=1")


@given(st.binary(max_size=200) | st.binary(max_size=50).map(lambda tail: b"GET /" + tail))
def test_any_bytes_give_a_head(raw: bytes) -> None:
    """Never an exception; a dash where nothing is readable."""
    head = refused_head(raw)
    assert head.method
    assert head.target
