"""The frame around every page, and the pieces that many pages share."""

from collections.abc import Iterable

from starlette.responses import HTMLResponse

from storefront.markup import Html, html, joined
from storefront.neighbours import Failure

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh}<title>{title} · Harbour Goods</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="data:,">
</head>
<body>
<header><div class="bar">
<a class="brand" href="/">Harbour Goods</a>
<nav><a href="/">Shop</a><a href="/orders">Orders</a><a href="/inbox">Messages</a>
<a class="cart" href="/cart">Cart{count}</a></nav>
</div></header>
<main>
{notices}{body}
</main>
<footer><div class="bar">A sample system of small services. Nothing here is for sale.</div></footer>
</body>
</html>
"""


def page(
    title: str,
    body: Html,
    *,
    in_cart: int | None = None,
    troubles: Iterable[Failure] = (),
    refresh: bool = False,
    status: int = 200,
) -> HTMLResponse:
    """A whole page; `troubles` are told above the body, `refresh` has the browser look again in a second."""
    return HTMLResponse(
        html(
            _PAGE,
            title=title,
            refresh=Html('<meta http-equiv="refresh" content="1">\n' if refresh else ""),
            count=Html("") if not in_cart else html(' <b class="count">{n}</b>', n=in_cart),
            notices=joined(notice(trouble) for trouble in troubles),
            body=body,
        ),
        status_code=status,
        headers={"cache-control": "no-store"},
    )


def notice(failure: Failure, consequence: str = "The rest of the shop works.") -> Html:
    """Says honestly which service failed or refused, and how."""
    return html(
        '<aside class="trouble" role="alert"><b>{service}</b> {verb}: {how}. {consequence}</aside>\n',
        service=failure.service,
        verb="refused" if failure.status else "failed",
        how=failure.how,
        consequence=consequence,
    )


def failed(
    title: str, failure: Failure, consequence: str, *, troubles: Iterable[Failure] = ()
) -> HTMLResponse:
    """The page for when its very content is missing, with the status of a refusal (404, 409, …), else 502."""
    status = failure.status or 502
    body = html("<h1>{title}</h1>{notice}", title=title, notice=notice(failure, consequence))
    return page(title, body, troubles=troubles, status=status)
