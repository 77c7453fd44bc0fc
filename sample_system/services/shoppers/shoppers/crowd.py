"""The crowd: one shopper after the other walks through the storefront's pages as a browser would."""

import asyncio
import logging
import random
import re
from collections import Counter

import httpx

from shopkit import trace
from shopkit.calls import certificates
from shoppers.plan import Visit, visit

_log = logging.getLogger("crowd")
_SKU = re.compile(r'href="/products/([a-z0-9-]+)"')
_ERROR = 500


class Crowd:
    """Requests pages of the storefront at `url`, `rate` a second on average; a rate of 0 keeps everybody at home."""

    def __init__(
        self, url: str, rate: float, seed: int, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._transport = transport
        self._url = url
        self._rate = rate
        self._chance = random.Random(seed)
        # Pauses draw from a generator of their own: how long things take must not change what is bought.
        self._pauses = random.Random(seed + 1)
        self.stats: Counter[str] = Counter()

    async def run(self) -> None:
        """Shop for ever."""
        if self._rate <= 0:
            _log.info("switched off")
            await asyncio.Event().wait()
        while True:
            limits = httpx.Limits(keepalive_expiry=2.0)
            async with httpx.AsyncClient(
                base_url=self._url,
                timeout=10.0,
                limits=limits,
                verify=certificates(),
                transport=self._transport,
            ) as browser:
                try:
                    await self._one(browser)
                except httpx.HTTPError as error:
                    self._count("errors")
                    _log.warning("a shopper gave up: %s", str(error) or type(error).__name__)
                    await self._pause()

    async def _one(self, browser: httpx.AsyncClient) -> None:
        shelves = await self._request(browser, "GET", "/")
        skus = sorted(set(_SKU.findall(shelves.text)))
        if not skus:
            return
        plan = visit(self._chance, skus)
        self._count("visits")
        for sku in plan.looks:
            await self._request(browser, "GET", f"/products/{sku}")
        if plan.buys:
            await self._buy(browser, plan)

    async def _buy(self, browser: httpx.AsyncClient, plan: Visit) -> None:
        for sku in plan.buys:
            await self._request(browser, "POST", "/cart", {"sku": sku})
        answer = await self._request(browser, "POST", "/checkout", {"card": plan.card})
        if answer.has_redirect_location:
            self._count("orders")
            await self._request(browser, "GET", answer.headers["location"])

    async def _request(
        self, browser: httpx.AsyncClient, method: str, path: str, form: dict[str, str] | None = None
    ) -> httpx.Response:
        await self._pause()
        with trace.joined({}):
            answer = await browser.request(method, path, data=form, headers=trace.headers())
        self._count("pages")
        if answer.status_code >= _ERROR:
            self._count("errors")
        return answer

    async def _pause(self) -> None:
        await asyncio.sleep(min(self._pauses.expovariate(self._rate), 5 / self._rate))

    def _count(self, what: str) -> None:
        self.stats[what] += 1
