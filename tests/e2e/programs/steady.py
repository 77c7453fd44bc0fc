"""An HTTP/1.1 server on $PORT that always has requests under way: each takes 5 to 45 ms, /slow 800.

SIGTERM ends it at once; it does nothing to end gently, on purpose: whoever stops it must see to it that nobody waits
for an answer.
"""

import asyncio
import os

ME = f"{os.environ['MESHDEV_INSTANCE']}@{os.environ['MESHDEV_GENERATION']}".encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(ME), ME)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, a request at a time."""
    number = 0
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"content-length: " in head:
                await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            number += 1
            if b" /slow" in head:
                await asyncio.sleep(0.8)
            elif b" /healthz" not in head:
                await asyncio.sleep(0.005 + 0.01 * (number % 5))
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(serve, os.environ.get("BIND", "127.0.0.1"), int(os.environ["PORT"]))
    await server.serve_forever()


asyncio.run(main())
