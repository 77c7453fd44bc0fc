"""A server on $PORT with every kind of answer that a recorder meets: bodies, forms, streams, downloads, WebSockets."""

import asyncio
import gzip
import hashlib
import json
import os
import uuid
from collections import Counter
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

SURCHARGE = int(os.environ.get("SURCHARGE", "0"))
_polls: Counter[str] = Counter()
_CHUNK = bytes(range(256)) * 256


async def health(_: Request) -> Response:
    """For the probe."""
    return PlainTextResponse("ok")


async def item(request: Request) -> Response:
    """The same answer for the same path."""
    name = request.path_params["name"]
    return JSONResponse({"name": name, "digest": hashlib.sha256(name.encode()).hexdigest()})


async def search(request: Request) -> Response:
    """Answers by one parameter, whatever else there is."""
    query = request.query_params.get("q", "")
    answer: dict[str, object] = {"query": query, "found": ["a", "b", query[:3]]}
    if "nonce" in request.query_params:
        answer["nonce"] = request.query_params["nonce"]
    return JSONResponse(answer)


async def order(request: Request) -> Response:
    """Echoes what the caller chose, and adds what the server chooses."""
    asked = await request.json()
    answer = {
        "id": asked["id"],
        "item": asked["item"],
        "price": len(asked["item"]) * 100 + SURCHARGE,
        "receipt": str(uuid.uuid4()),
    }
    if "at" in asked:
        answer |= {"ordered_at": asked["at"], "self": f"/orders/{asked['id']}?of={asked['item']}"}
    return JSONResponse(
        answer,
        status_code=201,
        headers={"location": f"/orders/{asked['id']}"},
    )


async def upload(request: Request) -> Response:
    """Says what is in a multipart form or in any other body."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        body = await request.body()
        boundary = request.headers["content-type"].partition("boundary=")[2].encode()
        content = body.replace(boundary, b"")
        return JSONResponse({"sum": hashlib.sha256(content).hexdigest()})
    return JSONResponse({"sum": hashlib.sha256(await request.body()).hexdigest()})


async def job(request: Request) -> Response:
    """Pending twice, then done."""
    name = request.path_params["name"]
    _polls[name] += 1
    done = _polls[name] >= 3
    return JSONResponse({"job": name, "state": "done" if done else "pending", "look": _polls[name]})


async def slow(request: Request) -> Response:
    """An answer that takes its time."""
    await asyncio.sleep(float(request.query_params.get("seconds", "0.2")))
    return PlainTextResponse("at last")


async def events(request: Request) -> Response:
    """Server-sent events, each some time after the other."""
    count = int(request.query_params.get("count", "5"))
    gap = float(request.query_params.get("gap", "0.05"))

    async def stream() -> AsyncIterator[bytes]:
        for number in range(count):
            yield b"data: event %d\n\n" % number
            await asyncio.sleep(gap)

    return StreamingResponse(stream(), media_type="text/event-stream")


async def download(request: Request) -> Response:
    """Many bytes."""
    size = int(request.query_params["bytes"])

    async def stream() -> AsyncIterator[bytes]:
        left = size
        while left:
            piece = _CHUNK[: min(left, len(_CHUNK))]
            left -= len(piece)
            yield piece

    return StreamingResponse(
        stream(), media_type="application/octet-stream", headers={"content-length": str(size)}
    )


async def zipped(_: Request) -> Response:
    """A compressed answer."""
    body = gzip.compress(json.dumps({"text": "compressed " * 50}).encode())
    return Response(body, media_type="application/json", headers={"content-encoding": "gzip"})


async def login(request: Request) -> Response:
    """Takes a password, gives a token."""
    asked = await request.json()
    token = hashlib.sha256(asked["password"].encode()).hexdigest()
    return JSONResponse({"access_token": f"tok_{token}", "user": asked["user"]})


async def mirror(request: Request) -> Response:
    """Gives back what came: headers, query, body."""
    body = await request.body()
    return JSONResponse(
        {"headers": dict(request.headers), "query": str(request.url.query), "body": body.decode("latin-1")}
    )


async def echo(request: Request) -> Response:
    """Gives back what came as it came."""
    return Response(await request.body(), media_type=request.headers.get("content-type"))


async def talk(socket: WebSocket) -> None:
    """Answers each message with itself, louder."""
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text.upper())


APP = Starlette(
    routes=[
        Route("/healthz", health),
        Route("/items/{name}", item),
        Route("/search", search),
        Route("/orders", order, methods=["POST"]),
        Route("/upload", upload, methods=["POST", "PUT"]),
        Route("/jobs/{name}", job),
        Route("/slow", slow),
        Route("/events", events),
        Route("/download", download),
        Route("/zipped", zipped),
        Route("/login", login, methods=["POST"]),
        Route("/mirror", mirror, methods=["GET", "POST", "PUT"]),
        Route("/echo", echo, methods=["POST"]),
        WebSocketRoute("/talk", talk),
    ]
)

if __name__ == "__main__":
    uvicorn.run(APP, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
