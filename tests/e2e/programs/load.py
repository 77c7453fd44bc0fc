"""Open-loop load: ``load.py PORT RATE [PATH]`` sends RATE requests a second, come what may, until its stdin ends.

Every third request is a POST (nobody may repeat it), every tenth has a connection of its own, every 25th asks for
/slow; with a PATH all of them GET that. They take a kept connection, or a new one when all are busy. The first good
answer is told by a line; at the end one line of JSON: how many were sent, how many were answered 200, what became of
the others, and by whom the good ones were answered. With $LOAD_TRUSTS, a file of authorities, all that is by TLS.
"""

import asyncio
import json
import os
import re
import ssl
import sys
import time
from collections import Counter
from contextlib import suppress

PORT, RATE = int(sys.argv[1]), float(sys.argv[2])
PATH = b"".join(word.encode() for word in sys.argv[3:])
TLS = ssl.create_default_context(cafile=os.environ["LOAD_TRUSTS"]) if "LOAD_TRUSTS" in os.environ else None
PATIENCE = 20.0  # seconds for one answer
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

idle: list[Connection] = []
outcomes: Counter[str] = Counter()
answered_by: Counter[str] = Counter()
millis: list[float] = []


async def call(number: int, due: float) -> None:
    """One request, from when it is due."""
    method = _method(number)
    try:
        async with asyncio.timeout(PATIENCE):
            status, body = await _exchange(number)
    except (OSError, EOFError, TimeoutError) as error:
        outcomes[f"{method} {type(error).__name__}"] += 1
        return
    millis.append((time.perf_counter() - due) * 1000)
    if status == 200:
        if not answered_by:
            print("answered", flush=True)
        answered_by[body[:40]] += 1
    outcomes["200" if status == 200 else f"{method} {status} {_words(body)[:200]}"] += 1


def _words(body: str) -> str:
    return " ".join(re.sub(r"(?s)<(head|style)\b.*?</\1>|<[^>]+>", " ", body).split())


def _method(number: int) -> str:
    return "GET" if PATH or number % 3 else "POST"


async def _exchange(number: int) -> tuple[int, str]:
    alone = number % 10 == 0
    if idle and not alone:
        reader, writer = idle.pop()
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT, ssl=TLS)
    last = b"connection: close\r\n" if alone else b""
    path = PATH or (b"/slow" if number % 25 == 6 else b"/%d" % number)
    if _method(number) == "GET":
        writer.write(b"GET %b HTTP/1.1\r\nhost: x\r\n%b\r\n" % (path, last))
    else:
        writer.write(b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n%b\r\nabc" % (path, last))
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    body = await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    if alone or b"connection: close" in head:
        writer.close()
    else:
        idle.append((reader, writer))
    return int(head.split(b" ", 2)[1]), body.decode()


async def main() -> None:
    """Send on time until told to stop, then wait for what is under way."""
    loop = asyncio.get_running_loop()
    stop = loop.run_in_executor(None, sys.stdin.read)
    began = time.perf_counter()
    sent = 0
    async with asyncio.TaskGroup() as group:
        while not stop.done():
            due = began + sent / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(call(sent, due))
            sent += 1
    seconds = time.perf_counter() - began
    for _, writer in idle:
        with suppress(OSError):
            writer.close()
    millis.sort()
    report = {
        "sent": sent,
        "seconds": round(seconds, 1),
        "ok": outcomes.pop("200", 0),
        "failed": dict(outcomes),
        "answered_by": dict(answered_by),
        "p50_ms": round(millis[len(millis) // 2], 1) if millis else None,
        "p99_ms": round(millis[len(millis) * 99 // 100], 1) if millis else None,
        "max_ms": round(millis[-1], 1) if millis else None,
    }
    print(json.dumps(report), flush=True)


asyncio.run(main())
