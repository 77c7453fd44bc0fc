"""Pages about products: the shelves and one product."""

from collections.abc import Mapping, Sequence

from storefront.drawings import drawing
from storefront.markup import Html, html, joined, money
from storefront.neighbours import Product

_FEW = 5


def shelves(
    products: Sequence[Product], stock: Mapping[str, int], category: str | None, categories: Sequence[str]
) -> Html:
    """All products, or one category of them."""
    filters = joined(
        html(
            '<a href="{href}"{current}>{label}</a>',
            href="/" if name is None else f"/?category={name}",
            current=Html(' aria-current="page"') if name == category else Html(""),
            label=(name or "everything").capitalize(),
        )
        for name in (None, *categories)
    )
    return html(
        '<section class="intro"><h1>Things for slow mornings</h1>'
        "<p>Twelve useful objects, made to be kept.</p></section>"
        '<nav class="filters">{filters}</nav><ul class="shelves">{cards}</ul>',
        filters=filters,
        cards=cards(products, stock),
    )


def cards(products: Sequence[Product], stock: Mapping[str, int]) -> Html:
    """Products as a row of cards."""
    return joined(
        html(
            '<li><a class="card" href="/products/{sku}">{picture}<span class="name">{name}</span>'
            '<span class="price">{price}</span>{badge}</a></li>\n',
            sku=product.sku,
            picture=drawing(product.drawing, product.hue),
            name=product.name,
            price=money(product.price_cents),
            badge=_badge(stock.get(product.sku)),
        )
        for product in products
    )


def product_page(product: Product, available: int | None, related: Sequence[Product]) -> Html:
    """One product with the button that everything is about."""
    return html(
        '<article class="product">{picture}<div><p class="category">{category}</p><h1>{name}</h1>'
        '<p class="price">{price}</p><p>{description}</p>{badge}'
        '<form method="post" action="/cart"><input type="hidden" name="sku" value="{sku}">'
        "<button{disabled}>Put into the cart</button></form></div></article>{related}",
        picture=drawing(product.drawing, product.hue),
        category=product.category,
        name=product.name,
        price=money(product.price_cents),
        description=product.description,
        badge=_badge(available),
        sku=product.sku,
        disabled=Html(" disabled") if available is not None and available <= 0 else Html(""),
        related=_related(related),
    )


def _related(products: Sequence[Product]) -> Html:
    if not products:
        return Html("")
    return html('<h2>Often bought with it</h2><ul class="shelves">{cards}</ul>', cards=cards(products, {}))


def _badge(available: int | None) -> Html:
    if available is None:
        return Html("")
    if available <= 0:
        return Html('<span class="badge out">sold out</span>')
    if available <= _FEW:
        return html('<span class="badge few">only {n} left</span>', n=available)
    return Html('<span class="badge">in stock</span>')
