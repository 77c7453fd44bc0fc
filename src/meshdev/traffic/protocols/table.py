"""Which protocols are read, by whom, and how each is recognised by its first bytes.

A scanner is imported with the first connection that needs it. A protocol is read by declaration (``protocol`` of the
endpoint); on an edge that is declared as plain TCP it is guessed from the first bytes of both sides.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Final, NamedTuple, cast

from meshdev.traffic.protocols.first_bytes import kafka_caller, mongodb_caller, redis_caller
from meshdev.traffic.protocols.http2.frames import PREFACE
from meshdev.traffic.protocols.mqtt.words import is_mqtt
from meshdev.traffic.protocols.operation import Scanner
from meshdev.traffic.protocols.signatures import Verdict, begins_mysql, begins_postgres, begins_with


class Row(NamedTuple):
    """One protocol: its scanner as ``module:class``, and what its first bytes look like.

    ``caller`` and ``callee`` judge the first bytes of that side; None when they say nothing. A protocol is guessed when
    each side that can be judged was recognised. ``of_database``: whoever speaks it keeps data. ``has_statements``: the
    detail of its operations is a statement's fingerprint.
    """

    scanner: str
    caller: Callable[[bytes], Verdict] | None = None
    callee: Callable[[bytes], Verdict] | None = None
    of_database: bool = False
    has_statements: bool = False


PROTOCOLS: Final[dict[str, Row]] = {
    "amqp": Row(f"{__package__}.amqp.scanner:AmqpScanner", caller=begins_with(b"AMQP\0\0\x09\x01")),
    "grpc": Row(f"{__package__}.http2.scanner:GrpcScanner"),
    "http2": Row(f"{__package__}.http2.scanner:Http2Scanner", caller=begins_with(PREFACE)),
    "kafka": Row(f"{__package__}.kafka.scanner:KafkaScanner", caller=kafka_caller),
    "mongodb": Row(f"{__package__}.mongodb.scanner:MongoScanner", caller=mongodb_caller, of_database=True),
    "mqtt": Row(f"{__package__}.mqtt.scanner:MqttScanner", caller=is_mqtt),
    "mysql": Row(
        f"{__package__}.mysql.scanner:MysqlScanner",
        callee=begins_mysql,
        of_database=True,
        has_statements=True,
    ),
    "nats": Row(f"{__package__}.nats.scanner:NatsScanner", callee=begins_with(b"INFO {")),
    "postgres": Row(
        f"{__package__}.postgres.scanner:PostgresScanner",
        caller=begins_postgres,
        of_database=True,
        has_statements=True,
    ),
    "redis": Row(f"{__package__}.redis.scanner:RedisScanner", caller=redis_caller, of_database=True),
}
MOST_LOOKED_AT: Final = 512  # of the first bytes of a side; whoever was not recognised by then is not


def is_read(protocol: str) -> bool:
    """Whether there is a scanner for it."""
    return protocol in PROTOCOLS


def has_statements(protocol: str) -> bool:
    """Whether an operation's detail is its statement's fingerprint, which is counted by, too."""
    return protocol in PROTOCOLS and PROTOCOLS[protocol].has_statements


def of_database(protocol: str) -> bool:
    """Whether whoever speaks it keeps data."""
    return protocol in PROTOCOLS and PROTOCOLS[protocol].of_database


def scanner_of(protocol: str) -> Scanner:
    """A scanner for one new connection. Raises KeyError when nobody reads that protocol."""
    module, _, name = PROTOCOLS[protocol].scanner.partition(":")
    return cast("Scanner", getattr(import_module(module), name)())


def guess(asked: bytes, answered: bytes) -> str | None:
    """The protocol whose connection begins so; empty when it is none of ours, None when it may yet turn out."""
    undecided = False
    for name, row in PROTOCOLS.items():
        verdicts = [
            judge(said[:MOST_LOOKED_AT])
            for judge, said in ((row.caller, asked), (row.callee, answered))
            if judge is not None
        ]
        if verdicts and all(verdict is Verdict.YES for verdict in verdicts):
            return name
        undecided = undecided or (bool(verdicts) and Verdict.NO not in verdicts)
    full = max(len(asked), len(answered)) >= MOST_LOOKED_AT  # who speaks first has spoken by then
    return None if undecided and not full else ""
