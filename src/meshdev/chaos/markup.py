"""HTML and SVG without a template engine: text is escaped unless it is known to be markup. Pure."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, *content: object, **attributes: object) -> Markup:
    """An element; ``_`` in an attribute's name is a hyphen, a trailing one is dropped (``class_``).

    >>> tag("p", "a < b", tag("b", 1), class_="x")
    '<p class="x">a &lt; b<b>1</b></p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{joined(content)}</{name}>")


def joined(parts: Iterable[object]) -> Markup:
    """Several pieces as one; None is nothing."""
    return Markup(
        "".join(part if isinstance(part, Markup) else escape(str(part)) for part in parts if part is not None)
    )
