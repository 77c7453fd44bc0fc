"""The pages show what the neighbours say, and honestly which of them failed."""

from collections.abc import AsyncIterator

import httpx
import pytest

from shopkit.events import timestamp
from shopkit.testing import Neighbour, served
from shopkit.web import application
from storefront.app import Storefront
from storefront.neighbours import Neighbours

MUG = {
    "sku": "mug", "name": "Mug <b>", "category": "kitchen", "price_cents": 1450, "drawing": "mug", "hue": 10,
    "description": "Holds tea.",
}  # fmt: skip
LINE = {"sku": "mug", "name": "Mug", "unit_price_cents": 1450, "quantity": 2}
CART = {"id": "c", "lines": [LINE], "total_cents": 2900}
ORDER = {
    "id": "ord-1", "status": "paid", "lines": [LINE], "total_cents": 2900, "placed_at": "2026-11-22T10:00:00.000+00:00",
    "changed_at": "2026-11-22T10:00:01.000+00:00",
    "reason": "", "tracking": "", "card": "card-4242",
    "waiting": [{"step": "confirm reservation", "tries": 3, "error": "inventory: connection refused"}],
}  # fmt: skip
PAST = {**ORDER, "order_id": "ord-1", "shopper": "s"}
MESSAGE = {
    "subject": "We have your order",
    "text": "Order ord-1",
    "at": "2026-11-22T10:00:00",
    "order_id": "ord-1",
}
EVENT = {
    "id": "e",
    "type": "order.placed",
    "stream": "ord-1",
    "version": 1,
    "at": "2026-11-22T10:00:00",
    "data": {},
}

ANSWERS: dict[str, dict[str, tuple[int, object]]] = {
    "catalog": {"GET /products/mug": (200, MUG), "GET /products/": (404, {"error": "no product"}),
                "GET /products": (200, {"products": [MUG, MUG | {"sku": "pot", "name": "Pot"}]})},
    "inventory": {"GET /stock/": (200, {"sku": "mug", "available": 3}),
                  "GET /stock": (200, {"stock": [{"sku": "mug", "available": 0}]})},
    "carts": {"": (200, CART)},
    "orders": {"POST /orders": (201, ORDER), "GET /orders/ord-1/events": (200, {"events": [EVENT]}),
               "GET /orders/": (200, ORDER)},
    "order-history": {"GET /orders/": (200, PAST), "GET /orders": (200, {"orders": [PAST]})},
    "notifications": {"GET /inbox": (200, {"messages": [MESSAGE]})},
    "recommendations": {"GET /recommendations/mug": (200, {"skus": ["pot", "unknown"]})},
}  # fmt: skip


class Town:
    """Every neighbour, played; and the storefront in the middle."""

    def __init__(self) -> None:
        self.neighbours = {name: Neighbour(name, dict(answers)) for name, answers in ANSWERS.items()}

    def __getitem__(self, name: str) -> Neighbour:
        """The neighbour of that name."""
        return self.neighbours[name]


@pytest.fixture
def town() -> Town:
    """All are well."""
    return Town()


@pytest.fixture
async def browser(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has a cart already."""
    neighbours = Neighbours({name: neighbour.callee() for name, neighbour in town.neighbours.items()})
    async with served(application(Storefront(neighbours).routes())) as client:
        client.cookies.set("cart", "cart-1")
        client.cookies.set("shopper", "shopper-1")
        yield client
    await neighbours.close()


async def test_the_shelves(browser: httpx.AsyncClient) -> None:
    """Products with prices and what is left of them; the count of what is in the cart."""
    page = (await browser.get("/")).text
    assert "Mug &lt;b&gt;" in page
    assert "€ 14.50" in page
    assert "sold out" in page
    assert '<b class="count">2</b>' in page
    assert "/products/pot" not in (await browser.get("/?category=garden")).text


async def test_a_product_with_what_others_bought(browser: httpx.AsyncClient) -> None:
    """Recommended products that the catalog doesn't know are left out."""
    page = (await browser.get("/products/mug")).text
    assert "only 3 left" in page
    assert 'href="/products/pot"' in page
    assert "unknown" not in page


async def test_an_unknown_product_is_a_404(browser: httpx.AsyncClient) -> None:
    """As an honest page."""
    answer = await browser.get("/products/unicorn")
    assert (answer.status_code, "no product" in answer.text) == (404, True)


async def test_putting_sets_one_more_than_there_is(browser: httpx.AsyncClient, town: Town) -> None:
    """And leads to the cart."""
    answer = await browser.post("/cart", data={"sku": "mug"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/cart")
    assert town["carts"].heard[-1] == ("PUT /carts/cart-1/lines/mug", {"quantity": 3})
    await browser.post("/cart/mug", data={"quantity": "0"})
    assert town["carts"].heard[-1] == ("DELETE /carts/cart-1/lines/mug", None)


async def test_checking_out_orders_the_cart_and_begins_another(
    browser: httpx.AsyncClient, town: Town
) -> None:
    """The browser is sent to the order's page."""
    answer = await browser.post("/checkout", data={"card": "card-4242"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders/ord-1")
    wish = {"cart_id": "cart-1", "shopper": "shopper-1", "card": "card-4242"}
    assert town["orders"].heard == [("POST /orders", wish)]
    assert answer.cookies["cart"] not in ("", "cart-1")


async def test_a_first_visitor_gets_a_name_and_a_cart(town: Town, browser: httpx.AsyncClient) -> None:
    """With the first thing they put in, and not before."""
    browser.cookies.clear()
    assert "set-cookie" not in (await browser.get("/")).headers
    town["carts"].answers = {"": (200, {"lines": [], "total_cents": 0})}
    await browser.post("/cart", data={"sku": "mug"})
    assert browser.cookies["cart"].startswith("cart-")
    assert town["carts"].heard[-1][0] == f"PUT /carts/{browser.cookies['cart']}/lines/mug"


async def test_an_order_says_where_it_is_and_what_it_waits_for(browser: httpx.AsyncClient) -> None:
    """The page looks again by itself."""
    page = (await browser.get("/orders/ord-1")).text
    assert page.count('<li class="done">') == 3
    assert "Still trying to confirm reservation (try 3). Last answer: inventory: connection refused" in page
    assert 'http-equiv="refresh"' in page
    assert "order.placed" in page


async def test_a_cancelled_order_says_why_and_offers_another_try(
    browser: httpx.AsyncClient, town: Town
) -> None:
    """The same goods in a new cart."""
    cancelled = ORDER | {
        "status": "cancelled",
        "reason": "payment declined: insufficient funds",
        "waiting": [],
    }
    town["orders"].answers = {"GET /orders/ord-1/events": (200, {"events": []}), "GET": (200, cancelled)}
    page = (await browser.get("/orders/ord-1")).text
    assert "payment declined: insufficient funds" in page
    assert "You pay nothing." in page
    assert 'http-equiv="refresh"' not in page
    answer = await browser.post("/orders/ord-1/again")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cart")
    assert town["carts"].heard[-1] == ("PUT /carts/cart-1/lines/mug", {"quantity": 2})


async def test_lists_of_orders_and_messages(browser: httpx.AsyncClient, town: Town) -> None:
    """Only this shopper's."""
    assert "2 Mug" in (await browser.get("/orders")).text
    assert "We have your order" in (await browser.get("/inbox")).text
    assert town["order-history"].asked[-1].url.params["shopper"] == "shopper-1"
    assert town["notifications"].asked[-1].url.params["shopper"] == "shopper-1"


@pytest.mark.parametrize(
    ("path", "service", "status"),
    [
        ("/", "catalog", 502),
        ("/", "inventory", 200),
        ("/", "carts", 200),
        ("/products/mug", "catalog", 502),
        ("/products/mug", "inventory", 200),
        ("/products/mug", "recommendations", 200),
        ("/cart", "carts", 502),
        ("/orders", "order-history", 502),
        ("/orders/ord-1", "orders", 502),
        ("/orders/ord-1", "order-history", 200),
        ("/inbox", "notifications", 502),
    ],
)
async def test_every_page_says_which_service_failed(
    browser: httpx.AsyncClient, town: Town, path: str, service: str, status: int
) -> None:
    """A page fails only when its very subject is missing; otherwise the rest of it is there."""
    town[service].down = True
    answer = await browser.get(path)
    assert answer.status_code == status
    assert f"<b>{service}</b> failed: connection refused" in answer.text


@pytest.mark.parametrize("nonsense", [(500, {"error": "disk full"}), (200, ["?"])])
async def test_a_neighbour_that_talks_nonsense_has_failed(
    browser: httpx.AsyncClient, town: Town, nonsense: tuple[int, object]
) -> None:
    """No page breaks because of what another service sends."""
    for neighbour in town.neighbours.values():
        neighbour.answers = {"": nonsense}
    for path in ("/", "/products/mug", "/cart", "/orders", "/orders/ord-1", "/inbox"):
        answer = await browser.get(path)
        assert answer.status_code == 502
        assert "failed: answered" in answer.text


async def test_a_refusal_is_told_as_one(browser: httpx.AsyncClient, town: Town) -> None:
    """Nobody has failed when the cart is empty."""
    town["orders"].answers = {"POST /orders": (409, {"error": "the cart is empty"})}
    answer = await browser.post("/checkout", data={"card": "card-4242"})
    assert (answer.status_code, "<b>orders</b> refused: the cart is empty" in answer.text) == (409, True)


async def test_what_a_visitor_sends_stays_one_part_of_a_path(browser: httpx.AsyncClient, town: Town) -> None:
    """Neither a cookie nor a form can reach another place of a neighbour."""
    browser.cookies.clear()
    browser.cookies.set("cart", "../orders?x")
    await browser.post("/cart/a%3Fb", data={"quantity": "²"})
    assert town["carts"].asked[-1].url.raw_path == b"/carts/..%2Forders%3Fx/lines/a%3Fb"


async def test_a_checkout_that_fails_promises_what_is_true(browser: httpx.AsyncClient, town: Town) -> None:
    """The cart stays; pressing again is safe."""
    town["orders"].down = True
    answer = await browser.post("/checkout", data={"card": "card-4242"})
    assert answer.status_code == 502
    assert "Trying again never orders twice" in answer.text
    assert browser.cookies["cart"] == "cart-1"


async def test_a_shop_without_recommendations_doesnt_miss_them(town: Town) -> None:
    """The edge is only there with its profile."""
    del town.neighbours["recommendations"]
    neighbours = Neighbours({name: neighbour.callee() for name, neighbour in town.neighbours.items()})
    async with served(application(Storefront(neighbours).routes())) as browser:
        answer = await browser.get("/products/mug")
    await neighbours.close()
    assert (answer.status_code, "recommendations" in answer.text) == (200, False)


async def test_the_audit(town: Town, browser: httpx.AsyncClient) -> None:
    """Agreement, a message told twice, a service that does not answer."""
    now = timestamp()
    town["orders"].answers["GET /orders"] = (200, {"orders": [ORDER]})
    town["notifications"].answers["GET /inbox"] = (200, {"messages": [MESSAGE | {"at": now}]})
    answer = await browser.get("/audit")
    assert (answer.status_code, answer.json()) == (200, {"orders": 1, "wrong": []})
    town["notifications"].answers["GET /inbox"] = (200, {"messages": [MESSAGE | {"at": now}] * 2})
    answer = await browser.get("/audit")
    assert answer.status_code == 409
    assert answer.json()["wrong"] == ["ord-1 was told 2 times: We have your order"]
    town["notifications"].down = True
    answer = await browser.get("/audit")
    assert (answer.status_code, answer.json()) == (503, {"unread": ["notifications"]})
