"""A real nats-server on a free port, and what nats-py does with it in the scanners' tests."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.js import api
from nats.js.errors import NotFoundError

from support_product import eventually

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


@contextmanager
def nats_server(directory: Path, *arguments: str) -> Iterator[int]:
    """A server with JetStream on a port that it chooses itself; gives that."""
    program = Path(sys.executable).with_name("nats-server")
    places = [
        "-sd",
        str(directory / "store"),
        "-l",
        str(directory / "log"),
        "--ports_file_dir",
        str(directory),
    ]
    process = subprocess.Popen([str(program), "-js", "-a", "127.0.0.1", "-p", "-1", *places, *arguments])
    try:
        yield eventually(lambda: _port(directory), 20)
    finally:
        process.kill()
        process.wait()


def _port(directory: Path) -> int:
    """Where it listens; 0 while it does not."""
    for path in directory.glob("nats-server_*.ports"):
        with contextlib.suppress(json.JSONDecodeError):  # half of it is written
            return int(json.loads(path.read_text())["nats"][0].rpartition(":")[2])
    return 0


async def connect(port: int, **options: Any) -> Client:
    """A client that does not connect again by itself."""
    return await nats.connect(f"nats://127.0.0.1:{port}", allow_reconnect=False, **options)


async def arrive(client: Client) -> None:
    """Everything that was said has been read by the server: the first ping may overtake what is buffered."""
    await client.flush()
    await client.flush()


async def core(port: int) -> None:
    """Publishes, wildcards, queue groups, headers, requests with and without somebody who answers."""
    client = await connect(port, name="core")
    await client.subscribe("plain.*")
    await client.subscribe("work.>", queue="workers")
    echo = await client.subscribe("svc.echo")
    await client.publish("plain.one", b"hello")
    await client.publish("work.17.paid", b"x" * 100_000)
    await client.publish("plain.two", b"traced", headers={"traceparent": TRACEPARENT})
    await arrive(client)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(client.request("svc.echo", b"question", timeout=5))
        await (await echo.next_msg(timeout=5)).respond(b"answer")
    assert asked.result().data == b"answer"
    with contextlib.suppress(NoRespondersError):
        await client.request("svc.nobody", b"?", timeout=5)
    await client.close()


async def jetstream(port: int) -> None:
    """A stream, confirmed publishes, a pull consumer that acknowledges, refuses and lets go; a push consumer."""
    client = await connect(port, name="jetstream")
    stream = client.jetstream(timeout=5)
    await stream.add_stream(api.StreamConfig(name="SHOP", subjects=["order.*"]))
    for number in range(3):
        headers = {"Nats-Msg-Id": f"{number}", "traceparent": TRACEPARENT}
        await stream.publish("order.placed", json.dumps({"number": number}).encode(), headers=headers)
    await stream.publish("order.placed", b"again", headers={"Nats-Msg-Id": "0"})
    with contextlib.suppress(NotFoundError):
        await stream.stream_info("NONE")
    pull = await stream.pull_subscribe("order.*", durable="mailer")
    first, second, third = await pull.fetch(3, timeout=5)
    await first.ack()
    await second.nak()
    await third.term()
    (again,) = await pull.fetch(1, timeout=5)
    await again.ack_sync(timeout=5)
    push = await stream.subscribe("order.*", durable="pusher", manual_ack=True)
    for _ in range(3):
        await (await push.next_msg(timeout=5)).ack()
    bucket = await stream.create_key_value(bucket="settings")
    await bucket.put("user.42", b"dark")
    assert (await bucket.get("user.42")).value == b"dark"
    await client.close()
