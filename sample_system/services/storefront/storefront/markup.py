"""HTML without a template engine: text is escaped unless it is known to be HTML."""

from collections.abc import Iterable
from html import escape


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def html(template: str, **values: object) -> Html:
    """Fill ``{name}`` places; plain values are escaped, Html goes in as it is, an iterable of Html is joined."""
    return Html(template.format(**{name: _safe(value) for name, value in values.items()}))


def joined(parts: Iterable[Html]) -> Html:
    """Several pieces as one."""
    return Html("".join(parts))


def money(cents: int) -> str:
    """``€ 14.50``."""
    return f"€ {cents / 100:,.2f}"


def _safe(value: object) -> str:
    return value if isinstance(value, Html) else escape(str(value))
