"""Calls to neighbours: the address comes from the environment, every failure says who failed and how."""

import asyncio
import os
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx

from shopkit import trace

_SERVER_ERROR = 500


class CalleeError(Exception):
    """A neighbour gave no usable answer; `how` is fit for a person ("connection refused")."""

    def __init__(self, service: str, how: str) -> None:
        super().__init__(f"{service}: {how}")
        self.service = service
        self.how = how


def address(service: str) -> str | None:
    """What ``ORDER_HISTORY_URL`` (for ``order-history``) says, or None when this system has no such edge."""
    return os.environ.get(f"{service.upper().replace('-', '_')}_URL") or None


def place(*parts: str) -> str:
    """A path of these parts, whatever they hold: ``place("carts", "a/b")`` is ``/carts/a%2Fb``."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


@cache
def certificates() -> ssl.SSLContext:
    """The certificates that clients trust; reading them takes 20 ms, so every client of a process shares them."""
    return httpx.create_ssl_context()


class Callee:
    """One neighbour, reached over a small pool of connections.

    Answers below 500 are returned for the caller to judge; no answer, a late one or a 5xx raises CalleeError.
    """

    def __init__(
        self,
        service: str,
        *,
        timeout: float = 3.0,
        url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.service = service
        base = url or address(service)
        if base is None:
            message = f"{service.upper().replace('-', '_')}_URL is not set: declare the edge in meshdev.toml (calls)"
            raise RuntimeError(message)
        self._timeout = timeout
        self._client = httpx.AsyncClient(
            base_url=base,
            timeout=httpx.Timeout(timeout, connect=1.0),
            # Shorter than the server's own keep-alive, so that an idle connection is never closed under a request.
            limits=httpx.Limits(max_connections=50, max_keepalive_connections=10, keepalive_expiry=2.0),
            verify=certificates(),
            transport=transport,
        )

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def get(self, path: str, **query: str | int) -> httpx.Response:
        """GET `path`."""
        return await self.request("GET", path, query=query)

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: object | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> httpx.Response:
        """One call; raises CalleeError. A connection that the callee closed while idle is replaced once."""
        arguments: dict[str, Any] = {"headers": {**trace.headers(), **(headers or {})}}
        if json is not None:
            arguments["json"] = json
        if query:
            arguments["params"] = query
        try:
            # httpx bounds each read; a callee that drips bytes is bounded here.
            async with asyncio.timeout(self._timeout * 2):
                try:
                    response = await self._client.request(method, path, **arguments)
                except httpx.RemoteProtocolError:
                    if method == "POST":
                        raise
                    response = await self._client.request(method, path, **arguments)
        except (httpx.HTTPError, TimeoutError) as error:
            raise CalleeError(self.service, self._explain(error)) from error
        if response.status_code >= _SERVER_ERROR:
            raise CalleeError(self.service, f"answered {response.status_code}{_said(response)}")
        return response

    def _explain(self, error: Exception) -> str:
        if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
            return "no connection in time"
        if isinstance(error, httpx.TimeoutException | TimeoutError):
            return f"no answer within {self._timeout:g} s"
        if isinstance(error, httpx.ConnectError):
            return "connection refused"
        return "closed the connection without an answer"


def _said(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    text = body.get("error") if isinstance(body, dict) else None
    return f" ({text})" if text else ""
