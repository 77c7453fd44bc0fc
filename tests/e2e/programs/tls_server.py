"""A server on $PORT by TLS ($TLS_CERT_FILE, $TLS_KEY_FILE), HTTP/2 or 1.1: says who answers, /slow after a while."""

import asyncio
import os
from typing import Any

import hypercorn.asyncio
import hypercorn.config

ME = f"{os.environ['MESHDEV_INSTANCE']}@{os.environ['MESHDEV_GENERATION']}"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Read the request to its end, and answer."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    if scope["path"] == "/slow":
        await asyncio.sleep(0.8)
    body = f"{ME} HTTP/{scope['http_version']} {scope['scheme']}\n".encode()
    await send(
        {
            "type": "http.response.start",
            "status": 500 if scope["path"] == "/broken" else 200,
            "headers": [(b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


config = hypercorn.config.Config()
config.bind = [f"127.0.0.1:{os.environ['PORT']}"]
config.certfile, config.keyfile = os.environ["TLS_CERT_FILE"], os.environ["TLS_KEY_FILE"]
config.keep_alive_timeout = 60.0
config.graceful_timeout = 0.1
asyncio.run(hypercorn.asyncio.serve(app, config))
