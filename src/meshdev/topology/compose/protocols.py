"""What is probably spoken: guessed from a URL's scheme, a well-known port, or the name of an image.

A guess is only that: whoever shows it says so, and what is written (``app_protocol``, ``protocol``) counts for more.
"""

import re
from collections.abc import Mapping

_SCHEMES: Mapping[str, str] = {
    "http": "http",
    "https": "http",
    "ws": "http",
    "wss": "http",
    "grpc": "grpc",
    "grpcs": "grpc",
    "postgres": "postgres",
    "postgresql": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "redis": "redis",
    "rediss": "redis",
    "valkey": "redis",
    "mongodb": "mongodb",
    "amqp": "amqp",
    "amqps": "amqp",
    "nats": "nats",
    "mqtt": "mqtt",
    "kafka": "kafka",
    "smtp": "smtp",
    "ldap": "ldap",
    "memcached": "memcached",
    "tcp": "tcp",
}
_SCHEME_PORTS: Mapping[str, int] = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "grpc": 443,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "redis": 6379,
    "rediss": 6379,
    "valkey": 6379,
    "mongodb": 27017,
    "amqp": 5672,
    "amqps": 5671,
    "nats": 4222,
    "mqtt": 1883,
    "kafka": 9092,
    "smtp": 25,
    "ldap": 389,
    "memcached": 11211,
}
_PORTS: Mapping[int, str] = {
    80: "http",
    1883: "mqtt",
    25: "smtp",
    389: "ldap",
    443: "http",
    2379: "http",
    8222: "http",
    9300: "tcp",
    9644: "http",
    9200: "http",
    15672: "http",
    16686: "http",
    1025: "smtp",
    3306: "mysql",
    4222: "nats",
    4317: "grpc",
    4318: "http",
    5432: "postgres",
    5672: "amqp",
    6379: "redis",
    9092: "kafka",
    11211: "memcached",
    27017: "mongodb",
    50051: "grpc",
}
_OF_HTTP = (
    range(3000, 3010),
    range(4000, 4010),
    range(5000, 5020),
    range(8000, 9000),
    range(9000, 9020),
    range(9090, 9092),
)
_IMAGES: tuple[tuple[str, str, int], ...] = (
    (r"postgres|postgis|pgvector|timescaledb", "postgres", 5432),
    (r"mysql|mariadb|percona", "mysql", 3306),
    (r"redis|valkey|keydb|dragonfly", "redis", 6379),
    (r"mongo", "mongodb", 27017),
    (r"rabbitmq|activemq-artemis", "amqp", 5672),
    (r"nats", "nats", 4222),
    (r"kafka|redpanda", "kafka", 9092),
    (r"mosquitto|emqx|hivemq", "mqtt", 1883),
    (r"memcached", "memcached", 11211),
    (r"zookeeper", "tcp", 2181),
    (r"etcd", "http", 2379),
    (r"elasticsearch|opensearch", "http", 9200),
    (r"nginx|httpd|caddy|apache|haproxy|traefik|wordpress", "http", 80),
    (r"jaeger|all-in-one", "http", 16686),
    (r"mailhog|mailpit|mailcatcher", "smtp", 1025),
)
_EXPORTERS = re.compile(r"exporter|admin|commander|express|insight|ui$|-ui|exporter|backup|client")


def of_scheme(scheme: str) -> str:
    """The protocol of a URL's scheme (``jdbc:`` and ``+driver`` do not matter); nothing for an unknown one."""
    return _SCHEMES.get(_bare(scheme), "")


def port_of_scheme(scheme: str) -> int | None:
    """The port that a URL without one means."""
    return _SCHEME_PORTS.get(_bare(scheme))


def _bare(scheme: str) -> str:
    return scheme.lower().rpartition(":")[2].partition("+")[0]


def of_port(port: int) -> str:
    """The protocol of a port; what is often HTTP is taken for it."""
    if port in _PORTS:
        return _PORTS[port]
    return "http" if any(port in ports for ports in _OF_HTTP) else "tcp"


def of_image(image: str) -> tuple[str, int] | None:
    """The protocol and the port of a well-known image."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    if _EXPORTERS.search(name):
        return None
    return next(((protocol, port) for pattern, protocol, port in _IMAGES if re.search(pattern, name)), None)


def scheme_of(protocol: str) -> str:
    """The scheme of an address at which ``protocol`` is spoken."""
    return {"grpc": "http", "postgres": "postgresql"}.get(protocol, protocol)


def guess(port: int, image: str = "", schemes: tuple[str, ...] = ()) -> str:
    """What is spoken on ``port`` of a container of ``image``, to which URLs with these schemes lead."""
    named = next((found for scheme in schemes if (found := of_scheme(scheme)) not in ("", "tcp")), "")
    known = of_image(image)
    usual = of_port(port)
    if named:
        return usual if named == "http" and usual == "grpc" else named  # OTLP and its like say http
    own = known is not None and (known[1] == port or (usual == "tcp" and port not in _PORTS))
    return known[0] if known is not None and own else usual
