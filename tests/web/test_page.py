"""The page around the terminal."""

import re

import pytest

from meshdev.web.page import headers, page


@pytest.mark.parametrize(
    ("asked", "size"),
    [("", 15), ("20", 20), ("1", 8), ("999", 40), ("-3", 15), ("²", 15), ('"><script>', 15)],
)
def test_font_sizes(asked: str, size: int) -> None:
    """What the user writes becomes a size that can be read."""
    assert f'data-font-size="{size}"' in page("demo", "ws://x/ws", asked)


def test_names_are_only_text() -> None:
    """A system's name never becomes markup."""
    shown = page('<b onload="x">', "ws://x/ws", "")
    assert "<b " not in shown
    assert "&lt;b onload=&quot;x&quot;&gt;" in shown


def test_nothing_comes_from_elsewhere() -> None:
    """Every address in the page is relative, its own style and script included; no script stands in it."""
    shown = page("demo", "ws://x/ws", "")
    assert not re.search(r"""(?:src|href)="(?!data:)(?:\w+:|/)""", shown)
    assert not re.search(r"<script(?! src)", shown)


def test_the_policy_allows_our_own_host_only() -> None:
    """And no frame around the page."""
    policy = headers("127.0.0.1:8080")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self' ws://127.0.0.1:8080;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
