"""How the control API reads what is asked and writes what it answers: JSON, and problems as RFC 9457 has them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from meshdev.errors import UsageError

S = TypeVar("S", bound=msgspec.Struct)


class Json(Response):
    """A view as JSON."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Encode by msgspec, which knows the shapes."""
        return msgspec.json.encode(content)


class Problem(Json):
    """An ErrorView as problem+json."""

    media_type = "application/problem+json"


def answer(ask: Callable[[Request], object]) -> Callable[[Request], Awaitable[Response]]:
    """A handler that answers with the view that ``ask`` gives at once."""

    async def handler(request: Request) -> Response:
        return Json(ask(request))

    return handler


def number(request: Request, name: str, default: int) -> int:
    """A whole number from the query. Raises UsageError."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdigit():
        raise UsageError(f"{name}={text!r}: accepted is a whole number")
    return int(text)


def name(request: Request) -> str:
    """The ``{name}`` of the path."""
    found: str = request.path_params["name"]
    return found


async def body(request: Request, shape: type[S]) -> S:
    """What was sent, as a ``shape``; nothing is an empty object. Raises UsageError."""
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=shape)
    except msgspec.MsgspecError as error:
        message = f"{request.url.path}: {error}"
        raise UsageError(message, hint="GET /v1/openapi.json describes the API") from error
