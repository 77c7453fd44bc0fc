"""Redis' protocol by the specification: commands, answers, and what changes how they are paired."""

import pytest

from meshdev.traffic.protocols.operation import Kind, Operation, Outcome
from meshdev.traffic.protocols.redis.scanner import MOST_WAITING, RedisScanner
from support_redis import bulk, command

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


class Talk:
    """A scanner between two who take turns; a second passes with every word."""

    def __init__(self) -> None:
        self.scanner = RedisScanner()
        self.now = 0.0

    def ask(self, *words: bytes | str | int) -> list[Operation]:
        """A command."""
        return self.say(command(*words))

    def say(self, data: bytes) -> list[Operation]:
        """The caller's bytes."""
        self.now += 1.0
        return list(self.scanner.asked(data, self.now))

    def answer(self, data: bytes) -> list[Operation]:
        """The callee's bytes."""
        self.now += 1.0
        return list(self.scanner.answered(data, self.now))


@pytest.fixture
def talk() -> Talk:
    """A connection that has just begun."""
    return Talk()


def told(operations: list[Operation]) -> list[tuple[str, str, Outcome]]:
    """Names, targets and how it ended."""
    return [(it.name, it.target, it.outcome) for it in operations]


def test_a_command_and_its_answer(talk: Talk) -> None:
    """One operation, with both sizes and the time between them."""
    assert talk.ask("SET", "session:9f8e7d6c5b4a", "secret") == []
    assert talk.scanner.waiting() == 1
    assert talk.answer(b"+OK\r\n") == [
        Operation(
            "SET",
            "session:{id}",
            1.0,
            2.0,
            bytes_in=len(command("SET", "session:9f8e7d6c5b4a", "secret")),
            bytes_out=5,
        )
    ]
    assert talk.scanner.waiting() == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"+OK\r\n", b":12\r\n", b"$3\r\nabc\r\n", b"$0\r\n\r\n", b"$-1\r\n", b"*0\r\n", b"*-1\r\n", b"_\r\n", b"#t\r\n",
        b",1.5\r\n", b"(123456789012345678901234567890\r\n", b"=7\r\ntxt:abc\r\n", b"~2\r\n+a\r\n+b\r\n",
        b"%1\r\n+a\r\n*1\r\n:1\r\n",
        b"*2\r\n$2\r\n\r\n\r\n*1\r\n*1\r\n*0\r\n", b"|1\r\n+ttl\r\n:3600\r\n$1\r\na\r\n",
        b"*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n",
        b"|1\r\n+k\r\n*2\r\n:1\r\n:2\r\n*1\r\n+x\r\n",
    ],
)  # fmt: skip
def test_an_answer_of_any_type_is_one_answer(talk: Talk, answer: bytes) -> None:
    """Whatever is nested in it."""
    talk.ask("GET", "a")
    talk.ask("GET", "b")
    assert [it.bytes_out for it in talk.answer(answer + b":1\r\n")] == [len(answer), 4]


@pytest.mark.parametrize(
    ("words", "name", "target"),
    [
        (("get", "a:1"), "GET", "a:{id}"),
        (("Get", "a:1"), "GET", "a:{id}"),
        (("PING",), "PING", ""),
        (("AUTH", "ana", "secret"), "AUTH", ""),
        (("HELLO", "3", "AUTH", "ana", "secret"), "HELLO", ""),
        (("CONFIG", "SET", "requirepass", "secret"), "CONFIG|SET", ""),
        (("xinfo", "stream", "orders"), "XINFO|STREAM", "orders"),
        (("OBJECT", "ENCODING", "a"), "OBJECT|ENCODING", "a"),
        (("EVAL", "return 1", "1", "lock:7"), "EVAL", "lock:{id}"),
        (("ZINTER", "2", "a", "b"), "ZINTER", "a"),
        (("BITOP", "AND", "to", "from"), "BITOP", "to"),
        (("JSON.GET", "doc:1"), "JSON.GET", "doc:{id}"),
        (("MSET", "a", "1", "b", "2"), "MSET", "a"),
        (("WHAT", "secret"), "WHAT", ""),
        ((b"\x00\xff", "secret"), "(unknown)", ""),
        (("GET",), "GET", ""),
    ],
)
def test_names_and_keys(talk: Talk, words: tuple[str, ...], name: str, target: str) -> None:
    """By the command's table; of what is not known nothing but the name."""
    talk.ask(*words)
    assert told(talk.answer(b"+OK\r\n")) == [(name, target, Outcome.OK)]


def test_a_function_and_a_script_are_named(talk: Talk) -> None:
    """Beside the key."""
    talk.ask("FCALL", "add_to_cart", "1", "cart:7")
    talk.ask("EVALSHA", "a" * 40, "0")
    assert [(it.target, it.detail) for it in talk.answer(b":1\r\n:1\r\n")] == [
        ("cart:{id}", "add_to_cart"),
        ("", "a" * 40),
    ]


@pytest.mark.parametrize(
    ("error", "code", "outcome"),
    [
        (b"-WRONGTYPE Operation against a key", "WRONGTYPE", Outcome.REFUSED),
        (b"-ERR unknown command 'secret'", "ERR", Outcome.REFUSED),
        (b"-NOAUTH Authentication required.", "NOAUTH", Outcome.REFUSED),
        (b"-MOVED 3999 127.0.0.1:6381", "MOVED", Outcome.REFUSED),
        (b"-ASK 3999 127.0.0.1:6381", "ASK", Outcome.REFUSED),
        (b"-READONLY You can't write against a read only replica.", "READONLY", Outcome.REFUSED),
        (b"-OOM command not allowed", "OOM", Outcome.FAILED),
        (b"-LOADING Redis is loading", "LOADING", Outcome.FAILED),
        (b"-ERR max number of clients reached", "ERR", Outcome.FAILED),
        (b"-something of a script", "ERR", Outcome.REFUSED),
        (b"!21\r\nSYNTAX invalid syntax", "SYNTAX", Outcome.REFUSED),
    ],
)
def test_errors_have_a_code_and_somebody_to_blame(
    talk: Talk, error: bytes, code: str, outcome: Outcome
) -> None:
    """The first word, and nothing of the rest, which may quote the caller."""
    talk.ask("GET", "a")
    (operation,) = talk.answer(error + b"\r\n")
    assert (operation.code, operation.outcome, operation.detail) == (code, outcome, "")


def test_a_pipeline_is_answered_in_order(talk: Talk) -> None:
    """Also by errors."""
    talk.say(command("SET", "a", 1) + command("INCR", "b") + command("GET", "c"))
    assert told(talk.answer(b"+OK\r\n-WRONGTYPE x\r\n$1\r\n1\r\n")) == [
        ("SET", "a", Outcome.OK),
        ("INCR", "b", Outcome.REFUSED),
        ("GET", "c", Outcome.OK),
    ]


def test_commands_in_a_line(talk: Talk) -> None:
    """As people type them; empty lines and empty arrays are nothing."""
    talk.say(b"\r\nPING\r\n*0\r\n  set 'a:1' \"x\"\n*-1\r\n")
    assert told(talk.answer(b"+PONG\r\n+OK\r\n")) == [("PING", "", Outcome.OK), ("SET", "a:{id}", Outcome.OK)]


def test_a_transaction(talk: Talk) -> None:
    """EXEC takes the time; each command has its own outcome and none."""
    talk.say(command("MULTI") + command("SET", "a", 1) + command("INCR", "b") + command("EXEC"))
    assert told(talk.answer(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n")) == [("MULTI", "", Outcome.OK)]
    assert talk.scanner.waiting() == 3
    done = talk.answer(b"*2\r\n+OK\r\n-WRONGTYPE x\r\n")
    assert told(done) == [("SET", "a", Outcome.OK), ("INCR", "b", Outcome.REFUSED), ("EXEC", "", Outcome.OK)]
    assert [(it.ended - it.started, it.code) for it in done] == [(0.0, ""), (0.0, "WRONGTYPE"), (2.0, "")]
    assert talk.scanner.waiting() == 0


@pytest.mark.parametrize("nil", [b"*-1\r\n", b"_\r\n"])
def test_a_transaction_that_a_watched_key_stops(talk: Talk, nil: bytes) -> None:
    """A legitimate no; what was queued never was."""
    talk.say(command("WATCH", "a") + command("MULTI") + command("SET", "a", 1) + command("EXEC"))
    *_, last = talk.answer(b"+OK\r\n+OK\r\n+QUEUED\r\n" + nil)
    assert (last.name, last.outcome, last.code) == ("EXEC", Outcome.REFUSED, "nil")
    assert talk.scanner.waiting() == 0


def test_what_is_discarded_or_refused_never_was(talk: Talk) -> None:
    """DISCARD, and an error while queueing."""
    talk.say(command("MULTI") + command("SET", "a", 1) + command("DISCARD"))
    assert [it.name for it in talk.answer(b"+OK\r\n+QUEUED\r\n+OK\r\n")] == ["MULTI", "DISCARD"]
    talk.say(command("MULTI") + command("SET", "a", 1) + command("NO") + command("EXEC"))
    done = talk.answer(b"+OK\r\n+QUEUED\r\n-ERR unknown\r\n-EXECABORT Transaction discarded\r\n")
    assert [(it.name, it.code) for it in done] == [("MULTI", ""), ("NO", "ERR"), ("EXEC", "EXECABORT")]
    assert talk.scanner.waiting() == 0


def test_who_waits_has_no_latency(talk: Talk) -> None:
    """The time is the caller's wish; losing the connection meanwhile loses nothing."""
    talk.ask("BLPOP", "jobs", "0")
    talk.now = 61.0
    (operation,) = talk.answer(b"*2\r\n$4\r\njobs\r\n$1\r\n1\r\n")
    assert (operation.target, operation.started, operation.ended, operation.detail) == (
        "jobs",
        62.0,
        62.0,
        "waited 61.000 s",
    )
    talk.ask("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">")
    talk.ask("GET", "a")
    assert told(list(talk.scanner.lost(99.0))) == [("GET", "a", Outcome.LOST)]


def entry(at: str, *fields: str) -> bytes:
    """An entry of a stream."""
    return (
        b"*2\r\n"
        + bulk(at.encode())
        + b"*%d\r\n" % len(fields)
        + b"".join(bulk(it.encode()) for it in fields)
    )


@pytest.mark.parametrize("resp", [2, 3])
def test_entries_of_streams_are_delivered(talk: Talk, resp: int) -> None:
    """Counted by stream; those with a trace by themselves."""
    talk.ask("XREADGROUP", "GROUP", "billing", "c", "COUNT", "10", "STREAMS", "orders:17", "stock", ">", ">")
    orders = (
        b"*3\r\n"
        + entry("1-0", "a", "1")
        + entry("2-0", "traceparent", TRACEPARENT, "b", "2")
        + entry("3-0", "c", "3")
    )
    stock = b"*1\r\n" + entry("1-0", "a", "1")
    pair = b"*2\r\n" if resp == 2 else b""
    head = b"*2\r\n" if resp == 2 else b"%2\r\n"
    answer = head + pair + bulk(b"orders:17") + orders + pair + bulk(b"stock") + stock
    done = talk.answer(answer)
    assert [(it.name, it.target, it.kind, it.messages_out, it.trace, it.parent) for it in done] == [
        ("XREADGROUP", "orders:{id}", Kind.DELIVER, 2, "", ""),
        ("XREADGROUP", "orders:{id}", Kind.DELIVER, 1, TRACE, PARENT),
        ("XREADGROUP", "stock", Kind.DELIVER, 1, "", ""),
    ]
    assert sum(it.bytes_out for it in done) == len(answer)
    assert {it.detail for it in done} == {"group billing"}


@pytest.mark.parametrize("nil", [b"*-1\r\n", b"_\r\n"])
def test_a_stream_without_news_delivers_nothing(talk: Talk, nil: bytes) -> None:
    """One operation, no message."""
    talk.ask("XREAD", "STREAMS", "orders", "$")
    (operation,) = talk.answer(nil)
    assert (operation.target, operation.kind, operation.messages_out) == ("orders", Kind.DELIVER, 0)


def test_an_entry_that_is_added_is_published(talk: Talk) -> None:
    """With its fields' beginning and its trace."""
    talk.ask(
        "XADD",
        "orders",
        "NOMKSTREAM",
        "MAXLEN",
        "~",
        "1000",
        "LIMIT",
        "5",
        "*",
        "id",
        "17",
        "traceparent",
        TRACEPARENT,
    )
    (operation,) = talk.answer(b"$3\r\n1-0\r\n")
    assert (operation.kind, operation.target, operation.trace, operation.parent) == (
        Kind.PUBLISH,
        "orders",
        TRACE,
        PARENT,
    )
    assert operation.payload == b"id 17 traceparent " + TRACEPARENT.encode()


def test_a_message_that_is_published(talk: Talk) -> None:
    """With its beginning, and how many got it."""
    talk.ask("PUBLISH", "orders.placed", b"x" * 5000)
    talk.ask("PUBLISH", "orders.placed", "y")
    first, second = talk.answer(b":2\r\n:0\r\n")
    assert (first.kind, first.target, first.payload, first.detail) == (
        Kind.PUBLISH,
        "orders.placed",
        b"x" * 1024,
        "2 receivers",
    )
    assert second.detail == "nobody received it"


@pytest.mark.parametrize("array", [b"*", b">"])
def test_subscribing(talk: Talk, array: bytes) -> None:
    """A confirmation for each channel; messages between them are delivered."""
    if array == b">":
        talk.ask("HELLO", "3")
        talk.answer(b"%1\r\n+proto\r\n:3\r\n")

    def push(*words: bytes | int) -> bytes:
        texts = [b":%d\r\n" % it if isinstance(it, int) else bulk(it) for it in words]
        return array + b"%d\r\n" % len(texts) + b"".join(texts)

    talk.ask("SUBSCRIBE", "orders", "stock")
    done = talk.answer(
        push(b"subscribe", b"orders", 1)
        + push(b"message", b"orders", b"hello")
        + push(b"subscribe", b"stock", 2)
    )
    assert [(it.name, it.target, it.kind) for it in done] == [
        ("SUBSCRIBE", "orders", Kind.SUBSCRIBE),
        ("message", "orders", Kind.DELIVER),
        ("SUBSCRIBE", "stock", Kind.SUBSCRIBE),
    ]
    assert done[1].payload == b"hello"
    assert done[1].started == done[1].ended
    assert talk.scanner.waiting() == 0
    talk.say(command("PSUBSCRIBE", "o*") + command("PING"))
    pong = push(b"pong", b"") if array == b"*" else b"+PONG\r\n"
    done = talk.answer(
        push(b"psubscribe", b"o*", 3) + push(b"pmessage", b"o*", b"orders.17", b"x" * 2000) + pong
    )
    assert [(it.name, it.target) for it in done] == [
        ("PSUBSCRIBE", "o*"),
        ("pmessage", "orders.{id}"),
        ("PING", ""),
    ]
    talk.say(command("UNSUBSCRIBE") + command("PUNSUBSCRIBE", "o*") + command("LRANGE", "a", 0, -1))
    done = talk.answer(
        push(b"unsubscribe", b"stock", 2)
        + push(b"unsubscribe", b"orders", 1)
        + push(b"punsubscribe", b"o*", 0)
        + b"*1\r\n$7\r\nmessage\r\n"
    )
    assert told(done) == [
        (name, target, Outcome.OK)
        for name, target in (("UNSUBSCRIBE", ""), ("PUNSUBSCRIBE", "o*"), ("LRANGE", "a"))
    ]
    talk.ask("UNSUBSCRIBE")
    assert told(talk.answer(array + b"3\r\n" + bulk(b"unsubscribe") + b"$-1\r\n:0\r\n")) == [
        ("UNSUBSCRIBE", "", Outcome.OK)
    ]
    assert not talk.scanner.gave_up


def test_a_refused_subscription(talk: Talk) -> None:
    """Is an answer like any other."""
    talk.ask("SUBSCRIBE", "a", "b")
    talk.ask("GET", "a")
    assert [it.code for it in talk.answer(b"-NOPERM no\r\n$-1\r\n")] == ["NOPERM", ""]


def test_pushes_between_answers_are_no_answers(talk: Talk) -> None:
    """What is no longer valid in a client's cache."""
    talk.ask("GET", "a")
    assert talk.answer(b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n") == []
    assert told(talk.answer(b"$-1\r\n")) == [("GET", "a", Outcome.OK)]


def test_commands_without_answers(talk: Talk) -> None:
    """CLIENT REPLY: they end as they are asked."""
    talk.say(command("GET", "a"))
    assert told(
        talk.say(command("CLIENT", "REPLY", "SKIP") + command("SET", "b", 1) + command("GET", "c"))
    ) == [
        ("CLIENT|REPLY", "", Outcome.OK),
        ("SET", "b", Outcome.OK),
    ]
    assert told(talk.answer(b":1\r\n:2\r\n")) == [("GET", "a", Outcome.OK), ("GET", "c", Outcome.OK)]
    done = talk.say(
        command("CLIENT", "REPLY", "OFF") + command("SET", "b", 1) + command("CLIENT", "REPLY", "ON")
    )
    assert [(it.name, it.ended - it.started) for it in done] == [("CLIENT|REPLY", 0.0), ("SET", 0.0)]
    assert told(talk.answer(b"+OK\r\n")) == [("CLIENT|REPLY", "", Outcome.OK)]
    assert talk.scanner.waiting() == 0


def test_a_subscription_while_answers_are_off(talk: Talk) -> None:
    """Its confirmation comes all the same, and is nobody's answer."""
    assert told(talk.say(command("CLIENT", "REPLY", "OFF") + command("SUBSCRIBE", "a")))[1] == (
        "SUBSCRIBE", "a", Outcome.OK,
    )  # fmt: skip
    assert talk.answer(b">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n") == []
    assert not talk.scanner.gave_up


def test_a_deleted_entry_has_no_fields(talk: Talk) -> None:
    """And is delivered all the same."""
    talk.ask("XREADGROUP", "GROUP", "g", "c", "STREAMS", "orders", "0")
    (operation,) = talk.answer(b"*1\r\n*2\r\n$6\r\norders\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*-1\r\n")
    assert (operation.target, operation.messages_out) == ("orders", 1)


def test_a_reset_connection_begins_anew(talk: Talk) -> None:
    """Neither transaction nor subscription nor RESP3 is left."""
    talk.say(command("HELLO", "3") + command("MULTI") + command("SET", "a", 1) + command("RESET"))
    talk.answer(b"%0\r\n+OK\r\n+QUEUED\r\n+RESET\r\n")
    assert talk.scanner.waiting() == 0
    talk.ask("SUBSCRIBE", "a")
    assert told(talk.answer(b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")) == [
        ("SUBSCRIBE", "a", Outcome.OK)
    ]


@pytest.mark.parametrize(
    ("asked", "answered", "why"),
    [
        (command("MONITOR"), b'+OK\r\n+1.2 [0 x] "GET" "a"\r\n', "after MONITOR the server speaks unasked"),
        (command("PSYNC", "?", "-1"), b"+FULLRESYNC a 0\r\n$5\r\nREDIS", "after PSYNC the server speaks unasked"),
        (b"\x16\x03\x01\x02\x00", b"", "it is encrypted (TLS)"),
        (b"*2\r\n:1\r\n", b"", "what the caller says is not Redis' protocol"),
        (b"*x\r\n", b"", "what the caller says is not Redis' protocol"),
        (b"x" * 70_000, b"", "what the caller says is not Redis' protocol"),
        (b"*" + b"1" * 50, b"", "what the caller says is not Redis' protocol"),
        (b"", b"+OK\r\n", "the server answered what nobody had asked"),
        (command("GET", "a"), b"HTTP/1.1 200 OK\r\n", "what the server says is not Redis' protocol"),
        (command("GET", "a"), b"+" + b"x" * 70_000, "what the server says is not Redis' protocol"),
        (command("GET", "a"), b"*1\r\n" * 100, "what the server says is not Redis' protocol"),
        (command("MULTI") + command("CLIENT", "REPLY", "OFF"), b"", "CLIENT REPLY in a transaction"),
        (command("MULTI") + command("SUBSCRIBE", "a"), b"+OK\r\n+QUEUED\r\n", "a subscription in a transaction"),
        (command("GET", "a") * (MOST_WAITING + 1), b"", f"more than {MOST_WAITING} commands wait for their answers"),
    ],
)  # fmt: skip
def test_giving_up(talk: Talk, asked: bytes, answered: bytes, why: str) -> None:
    """With a reason, and nothing more is told."""
    talk.say(asked)
    if answered:
        talk.answer(answered)
    assert talk.scanner.gave_up == why
    assert talk.ask("GET", "a") == talk.answer(b"$-1\r\n") == []
    assert talk.scanner.waiting() == 0
    assert not talk.scanner.lost(99.0)


def test_a_refused_monitor_is_an_answer(talk: Talk) -> None:
    """Then nothing has changed."""
    talk.ask("MONITOR")
    assert [it.code for it in talk.answer(b"-NOPERM no\r\n")] == ["NOPERM"]
    assert not talk.scanner.gave_up


def test_what_is_lost_in_the_middle(talk: Talk) -> None:
    """Half an answer is none; half a command was not asked."""
    talk.say(command("GET", "a") + command("SET", "b", "x" * 50)[:-20])
    talk.answer(b"$10\r\nabc")
    assert told(list(talk.scanner.lost(9.0))) == [("GET", "a", Outcome.LOST)]


def test_a_big_value_is_skipped_and_not_kept(talk: Talk) -> None:
    """Ten megabytes, both ways, in pieces."""
    size = 10_000_000
    piece = b"x" * 100_000
    talk.say(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$%d\r\n" % size)
    for _ in range(size // len(piece)):
        talk.say(piece)
    talk.say(b"\r\n" + command("GET", "a"))
    assert talk.scanner.waiting() == 2
    talk.answer(b"+OK\r\n$%d\r\n" % size)
    for _ in range(size // len(piece)):
        assert talk.answer(piece) == []
    (operation,) = talk.answer(b"\r\n")
    assert operation.bytes_out == size + len(b"$10000000\r\n\r\n")
