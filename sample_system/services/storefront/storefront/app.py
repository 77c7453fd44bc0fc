"""The storefront over HTTP: pages for people, forms for their wishes, two cookies (who, which cart).

Every page asks its neighbours at once and shows what came back: content where there is content, and where a
neighbour failed, which one and how. A page fails only when its very subject is missing.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shopkit.calls import place
from shopkit.web import application, reply
from storefront import layout, shelves, till
from storefront.neighbours import (
    Cart,
    Events,
    Failure,
    Level,
    Levels,
    Messages,
    Neighbours,
    Order,
    Orders,
    PastOrder,
    PastOrders,
    Product,
    Products,
    Recommendations,
)
from storefront.reconciliation import disagreements

_STYLE = Path(__file__).with_name("style.css")
_RELATED = 4
_AUDITED = 300
_NOT_FOUND = 404


class Storefront:
    """Handlers over the neighbours."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._ask = neighbours.ask
        self._has = neighbours.has

    def routes(self) -> list[Route]:
        """Where the pages live."""
        return [
            Route("/", self.home),
            Route("/style.css", self.style),
            Route("/products/{sku}", self.product),
            Route("/cart", self.cart),
            Route("/cart", self.put, methods=["POST"]),
            Route("/cart/{sku}", self.change, methods=["POST"]),
            Route("/checkout", self.checkout, methods=["POST"]),
            Route("/orders", self.orders),
            Route("/orders/{order}", self.order),
            Route("/orders/{order}/again", self.again, methods=["POST"]),
            Route("/inbox", self.inbox),
            Route("/audit", self.audit),
        ]

    async def home(self, request: Request) -> Response:
        """The shelves."""
        catalog, levels, in_cart = await asyncio.gather(
            self._ask(Products, "catalog", "/products"),
            self._ask(Levels, "inventory", "/stock"),
            self._in_cart(request),
        )
        troubles = _failures(levels, in_cart)
        if isinstance(catalog, Failure):
            return layout.failed(
                "The shelves", catalog, "Your cart and your orders are still there.", troubles=troubles
            )
        categories = list(dict.fromkeys(product.category for product in catalog.products))
        wanted = request.query_params.get("category")
        shown = [product for product in catalog.products if wanted in (None, product.category)]
        stock = {} if isinstance(levels, Failure) else {level.sku: level.available for level in levels.stock}
        body = shelves.shelves(shown, stock, wanted, categories)
        return layout.page("Shop", body, in_cart=_count(in_cart), troubles=troubles)

    async def style(self, _: Request) -> Response:
        """The style sheet."""
        return Response(_STYLE.read_bytes(), media_type="text/css", headers={"cache-control": "max-age=60"})

    async def product(self, request: Request) -> Response:
        """One product."""
        sku = request.path_params["sku"]
        product, level, related, in_cart = await asyncio.gather(
            self._ask(Product, "catalog", place("products", sku)),
            self._ask(Level, "inventory", place("stock", sku)),
            self._related(sku),
            self._in_cart(request),
        )
        troubles = [trouble for trouble in _failures(level, related, in_cart) if trouble.status != _NOT_FOUND]
        if isinstance(product, Failure):
            return layout.failed("This product", product, "The rest of the shop works.", troubles=troubles)
        available = None if isinstance(level, Failure) else level.available
        others = [] if isinstance(related, Failure) else related
        body = shelves.product_page(product, available, others)
        return layout.page(product.name, body, in_cart=_count(in_cart), troubles=troubles)

    async def cart(self, request: Request) -> Response:
        """The cart."""
        cart = await self._in_cart(request)
        if isinstance(cart, Failure):
            return layout.failed("Your cart", cart, "What you put in is kept; look again in a moment.")
        return layout.page("Cart", till.cart_page(cart), in_cart=_count(cart))

    async def put(self, request: Request) -> Response:
        """One more of a product."""
        sku = await _field(request, "sku")
        cart = await self._in_cart(request)
        if isinstance(cart, Failure):
            return layout.failed("Not in the cart", cart, "Nothing was put in.")
        quantity = next((line.quantity for line in cart.lines if line.sku == sku), 0) + 1
        return await self._set(request, sku, quantity)

    async def change(self, request: Request) -> Response:
        """Another quantity of a product; 0 takes it out."""
        quantity = await _field(request, "quantity")
        return await self._set(
            request,
            request.path_params["sku"],
            int(quantity) if quantity.isascii() and quantity.isdigit() else 1,
        )

    async def checkout(self, request: Request) -> Response:
        """Place the order. Pressing twice does no harm: a cart is ordered once."""
        wish = {
            "cart_id": _cart_id(request),
            "shopper": _shopper(request),
            "card": await _field(request, "card"),
        }
        order = await self._ask(Order, "orders", "/orders", method="POST", json=wish)
        if isinstance(order, Failure):
            return layout.failed(
                "Not ordered yet", order, "Your cart is as it was. Trying again never orders twice."
            )
        response = RedirectResponse(place("orders", order.id), 303)
        # The ordered cart is history; the next one is a new cart.
        _remember(request, response, cart=_new_id("cart"))
        return response

    async def orders(self, request: Request) -> Response:
        """All orders of this shopper."""
        history, in_cart = await asyncio.gather(
            self._ask(PastOrders, "order-history", "/orders", shopper=_shopper(request)),
            self._in_cart(request),
        )
        if isinstance(history, Failure):
            return layout.failed("Your orders", history, "They are safe with the order service.")
        return layout.page(
            "Orders", till.orders_page(history.orders), in_cart=_count(in_cart), troubles=_failures(in_cart)
        )

    async def order(self, request: Request) -> Response:
        """One order; the page looks again by itself until nothing more will happen."""
        path = place("orders", request.path_params["order"])
        order, past, events, in_cart = await asyncio.gather(
            self._ask(Order, "orders", path),
            self._ask(PastOrder, "order-history", path),
            self._ask(Events, "orders", f"{path}/events"),
            self._in_cart(request),
        )
        if isinstance(order, Failure):
            return layout.failed(
                "This order", order, "What was ordered stays ordered; look again in a moment."
            )
        troubles = [trouble for trouble in _failures(past, in_cart) if trouble.status != _NOT_FOUND]
        journey = "" if isinstance(past, Failure) else past.status
        body = till.order_page(order, journey, [] if isinstance(events, Failure) else events.events)
        over = order.status == "cancelled" or journey == "delivered"
        return layout.page("Order", body, in_cart=_count(in_cart), troubles=troubles, refresh=not over)

    async def again(self, request: Request) -> Response:
        """Put what a cancelled order held into the cart."""
        order = await self._ask(Order, "orders", place("orders", request.path_params["order"]))
        if isinstance(order, Failure):
            return layout.failed("Not in the cart", order, "Nothing was put in.")
        for line in order.lines:
            response = await self._set(request, line.sku, line.quantity)
        return response if order.lines else RedirectResponse("/cart", 303)

    async def inbox(self, request: Request) -> Response:
        """Messages to this shopper."""
        inbox, in_cart = await asyncio.gather(
            self._ask(Messages, "notifications", "/inbox", shopper=_shopper(request)), self._in_cart(request)
        )
        if isinstance(inbox, Failure):
            return layout.failed("Messages", inbox, "None is lost; they come later.")
        return layout.page(
            "Messages", till.inbox_page(inbox.messages), in_cart=_count(in_cart), troubles=_failures(in_cart)
        )

    async def audit(self, _: Request) -> Response:
        """For monitoring: 200 when the books agree (`reconciliation`), 409 with what is wrong, 503 if one is shut."""
        orders, history, messages = await asyncio.gather(
            self._ask(Orders, "orders", "/orders", limit=_AUDITED),
            self._ask(PastOrders, "order-history", "/orders", limit=_AUDITED),
            self._ask(Messages, "notifications", "/inbox", limit=_AUDITED * 4),
        )
        if isinstance(orders, Failure) or isinstance(history, Failure) or isinstance(messages, Failure):
            shut = [failure.service for failure in _failures(orders, history, messages)]
            return reply({"unread": shut}, 503)
        wrong = disagreements(orders.orders, history.orders, messages.messages, datetime.now(UTC))
        return reply({"orders": len(orders.orders), "wrong": wrong}, 409 if wrong else 200)

    async def _in_cart(self, request: Request) -> Cart | Failure:
        if "cart" not in request.cookies:
            return Cart([], 0)
        return await self._ask(Cart, "carts", place("carts", _cart_id(request)))

    async def _related(self, sku: str) -> list[Product] | Failure:
        if not self._has("recommendations"):
            return []
        answer, catalog = await asyncio.gather(
            self._ask(Recommendations, "recommendations", place("recommendations", sku)),
            self._ask(Products, "catalog", "/products"),
        )
        if isinstance(answer, Failure):
            return answer
        known = {} if isinstance(catalog, Failure) else {product.sku: product for product in catalog.products}
        return [known[other] for other in answer.skus[:_RELATED] if other in known]

    async def _set(self, request: Request, sku: str, quantity: int) -> Response:
        path = place("carts", _cart_id(request), "lines", sku)
        if quantity <= 0:
            cart = await self._ask(Cart, "carts", path, method="DELETE")
        else:
            cart = await self._ask(Cart, "carts", path, method="PUT", json={"quantity": quantity})
        if isinstance(cart, Failure):
            return layout.failed("Not in the cart", cart, "Your cart is as it was.")
        response = RedirectResponse("/cart", 303)
        _remember(request, response)
        return response


def build() -> Starlette:
    """The app over the addresses of its neighbours."""
    neighbours = Neighbours.from_environment()

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        yield
        await neighbours.close()

    return application(Storefront(neighbours).routes(), lifespan=lifespan)


def _failures(*answers: object) -> list[Failure]:
    return [answer for answer in answers if isinstance(answer, Failure)]


def _count(cart: Cart | Failure) -> int | None:
    return None if isinstance(cart, Failure) else sum(line.quantity for line in cart.lines)


async def _field(request: Request, name: str) -> str:
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    return fields.get(name, [""])[0]


def _new_id(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(8)}"


def _cart_id(request: Request) -> str:
    return _identity(request, "cart")


def _shopper(request: Request) -> str:
    return _identity(request, "shopper")


def _identity(request: Request, kind: str) -> str:
    """The cookie's value, or one made up once for this request (and remembered by what the request changes)."""
    known: str | None = request.cookies.get(kind) or getattr(request.state, kind, None)
    if known is None:
        known = _new_id(kind)
        setattr(request.state, kind, known)
    return known


def _remember(request: Request, response: Response, cart: str | None = None) -> None:
    for name, value in (("cart", cart or _cart_id(request)), ("shopper", _shopper(request))):
        response.set_cookie(name, value, max_age=30 * 86400, httponly=True, samesite="lax")
