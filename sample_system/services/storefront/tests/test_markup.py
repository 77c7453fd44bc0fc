"""What comes from elsewhere cannot become HTML by accident."""

from storefront.drawings import drawing
from storefront.markup import Html, html, joined, money


def test_values_are_escaped_unless_they_are_html() -> None:
    """In text and in attributes."""
    evil = '"><script>'
    assert html('<a title="{t}">{t}{safe}</a>', t=evil, safe=Html("<b>x</b>")) == (
        '<a title="&quot;&gt;&lt;script&gt;">&quot;&gt;&lt;script&gt;<b>x</b></a>'
    )
    assert joined([html("<i>{n}</i>", n=n) for n in (1, 2)]) == "<i>1</i><i>2</i>"


def test_money_reads_as_money() -> None:
    """Two decimals and thousands."""
    assert [money(5), money(1450), money(123456789)] == ["€ 0.05", "€ 14.50", "€ 1,234,567.89"]


def test_an_unknown_drawing_is_still_a_picture() -> None:
    """The catalog may be ahead of the storefront."""
    assert "<svg" in drawing("spaceship", 10)
