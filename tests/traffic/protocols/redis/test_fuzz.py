"""Any bytes, cut anywhere: the same operations, never an exception, and little is kept."""

import os
import tracemalloc
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.redis.scanner import RedisScanner
from support_redis import bulk, command
from support_scanning import Chunk, byte_by_byte, cut_at, read_again, timeless

EXAMPLES = int(os.environ.get("MESHDEV_FUZZ", "50"))  # raise it for a longer hunt
WORDS = st.sampled_from(
    """
    GET SET MULTI EXEC DISCARD SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUBLISH XADD XREAD XREADGROUP STREAMS BLOCK CLIENT REPLY
    OFF ON SKIP HELLO 3 RESET MONITOR CONFIG BLPOP key:1 * traceparent
    """.split()  # noqa: SIM905 - easier to read so
)
COMMANDS = st.lists(WORDS | st.binary(max_size=20), min_size=1, max_size=8).map(lambda it: command(*it))
SCALARS = st.sampled_from(
    [
        b"+OK\r\n",
        b"+QUEUED\r\n",
        b"-ERR no\r\n",
        b":1\r\n",
        b"$-1\r\n",
        b"*-1\r\n",
        b"_\r\n",
        b"#t\r\n",
        b"=5\r\ntxt:a\r\n",
    ]
) | st.binary(max_size=20).map(bulk)
KINDS = st.sampled_from([b"*", b"~", b">"])
PUSHED = st.sampled_from([b"message", b"subscribe", b"unsubscribe", b"pmessage", b"pong", b"invalidate"]).map(
    bulk
)
ANSWERS = st.recursive(
    SCALARS | PUSHED,
    lambda inner: st.tuples(KINDS, st.lists(inner, max_size=4)).map(
        lambda it: it[0] + b"%d\r\n" % len(it[1]) + b"".join(it[1])
    ),
    max_leaves=10,
)
SAID = (COMMANDS | st.binary(max_size=10)).map(lambda it: Chunk(asked=True, data=it))
ANSWERED = (ANSWERS | st.binary(max_size=10)).map(lambda it: Chunk(asked=False, data=it))
TALK = st.lists(SAID | ANSWERED, max_size=20)
PLACES = st.lists(st.floats(0, 1), max_size=6)


@settings(max_examples=EXAMPLES * 4, deadline=None)
@given(TALK, PLACES)
def test_cuts_change_nothing(talk: Sequence[Chunk], places: Sequence[float]) -> None:
    """Whatever is said, whole, by the byte, or cut anywhere."""
    whole, scanner = read_again(RedisScanner, talk)
    for cut in (byte_by_byte, cut_at(places)):
        other, again = read_again(RedisScanner, talk, cut)
        assert timeless(other) == timeless(whole)
        assert again.gave_up == scanner.gave_up
        assert again.waiting() == scanner.waiting()


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=20))
def test_any_bytes_are_survived(talk: Sequence[tuple[bool, bytes]]) -> None:
    """No exception."""
    read_again(RedisScanner, [Chunk(*one) for one in talk])


def test_little_is_kept_of_much() -> None:
    """Long words, long lines, many words, deep answers: far below a megabyte."""
    tracemalloc.start()
    try:
        for asked, answered in (
            (b"*100000\r\n" + b"$100\r\n%b\r\n" % (b"x" * 100) * 50_000, b""),
            (b"*2\r\n$3\r\nGET\r\n$500000000\r\n" + b"x" * 5_000_000, b""),
            (command("GET", "a"), b"*1000000\r\n" + b"$10\r\n0123456789\r\n" * 100_000),
            (command("XREAD", "STREAMS", "a", "0"), (b"*1000000\r\n" + bulk(b"a") + b"*1\r\n:1\r\n") * 50),
            (command("SUBSCRIBE", "a"), b"*100000\r\n" + bulk(b"y" * 2000) * 1000),
        ):
            scanner = RedisScanner()
            before = tracemalloc.get_traced_memory()[0]
            for at in range(0, len(asked), 65536):
                scanner.asked(asked[at : at + 65536], 0.0)
            for at in range(0, len(answered), 65536):
                scanner.answered(answered[at : at + 65536], 0.0)
            assert not scanner.gave_up
            assert tracemalloc.get_traced_memory()[0] - before < 400_000
    finally:
        tracemalloc.stop()
