"""Which protocols take part: those that are read here, whose server and client are installed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from meshdev.traffic.protocols.table import is_read

_TESTS: Final = Path(__file__).resolve().parents[2] / "tests"  # where real servers are started


class Case(NamedTuple):
    """A protocol by its name in the topology; ``library`` is the client's, ``server`` where one is started.

    ``counted`` is what the client counts, of all routes; with ``named`` of those that it names alone, since its
    library says more by itself.
    """

    protocol: str
    library: str
    server: str
    serve: Callable[[Any], AbstractContextManager[int]]
    counted: str = "requests"
    named: bool = False

    def missing(self) -> str:
        """Why it cannot take part; empty when it can."""
        if not is_read(self.protocol):
            return "nobody reads it here"
        if find_spec(self.library) is None:
            return f"pip install {self.library}"
        return "" if find_spec(self.server) is not None else f"no tests/{self.server}.py here"

    def serving(self) -> AbstractContextManager[int]:
        """A real server; its port."""
        return self.serve(import_module(self.server))


@contextmanager
def _nats(support: Any) -> Iterator[int]:
    with TemporaryDirectory() as folder, support.nats_server(Path(folder)) as port:
        yield port


@contextmanager
def _postgres(support: Any) -> Iterator[int]:
    with support.postgres() as server:
        yield server.port


@contextmanager
def _mariadb(support: Any) -> Iterator[int]:
    with support.mariadb() as server:
        yield server.port


CASES: Final = (
    Case("amqp", "pika", "support_brokers", lambda support: support.running_rabbitmq()),
    Case("mqtt", "paho", "support_brokers", lambda support: support.running_mosquitto()),
    Case("nats", "nats", "support_nats", _nats),
    Case("redis", "redis", "support_redis", lambda support: support.valkey()),
    Case("postgres", "psycopg", "support_postgres", _postgres),
    Case("mysql", "pymysql", "support_mariadb", _mariadb),
    Case("grpc", "grpc", "support_grpc", lambda support: support.grpc_bench()),
    Case(
        "kafka", "aiokafka", "support_kafka", lambda support: support.tansu(), counted="messages", named=True
    ),
    Case("mongodb", "pymongo", "support_secantus", lambda support: support.secantus(), named=True),
)


def reach_tests() -> None:
    """Let the tests' supports be imported."""
    if str(_TESTS) not in sys.path:
        sys.path.append(str(_TESTS))
