"""grpcio: unary calls one by one and many at once, both kinds of streams, a failure."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import repeat

import grpc

CALLS = 50
AT_ONCE = 16
MESSAGES = 50
PATIENCE = 60.0
SERVICE = "test.Bench"


def work(port: int, going: Callable[[], bool]) -> Counter[str]:
    """A connection after the other."""
    done: Counter[str] = Counter()
    while going():
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            for _ in range(20):
                if not going():
                    break
                _visit(channel, done)
    return done


def _visit(channel: grpc.Channel, done: Counter[str]) -> None:
    echo = channel.unary_unary(f"/{SERVICE}/Echo")
    for _ in range(CALLS):
        echo(b"x" * 100, timeout=PATIENCE)
    for _ in range(CALLS // AT_ONCE):
        under_way = [echo.future(b"x" * 100, timeout=PATIENCE) for _ in range(AT_ONCE)]
        for one in under_way:
            one.result()
    gathered = channel.stream_unary(f"/{SERVICE}/Sum")(_messages(), timeout=PATIENCE)
    if gathered != str(100 * MESSAGES).encode():
        raise ValueError(gathered)
    if (
        len(list(channel.unary_stream(f"/{SERVICE}/Count")(str(MESSAGES).encode(), timeout=PATIENCE)))
        != MESSAGES
    ):
        raise ValueError("messages are missing")
    try:
        channel.unary_unary(f"/{SERVICE}/Fail")(b"NOT_FOUND", timeout=PATIENCE)
    except grpc.RpcError:
        done[f"{SERVICE}/Fail"] += 1
    done[f"{SERVICE}/Echo"] += CALLS + CALLS // AT_ONCE * AT_ONCE
    done[f"{SERVICE}/Sum"] += 1
    done[f"{SERVICE}/Count"] += 1


def _messages() -> Iterator[bytes]:
    return repeat(b"x" * 100, MESSAGES)
