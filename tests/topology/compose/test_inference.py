"""Edges that nobody wrote: who calls whom, on which port, by which protocol, and why we think so."""

from meshdev.errors import Where
from meshdev.topology.compose.inference import Subject, Text, infer
from meshdev.topology.compose.protocols import guess, of_image, of_port, of_scheme

HERE = Where("compose.yml", 3)


def subject(name: str, *texts: Text, **fields: object) -> Subject:
    """A service that others call by its name."""
    given = {"names": frozenset({name}), "where": HERE, "texts": texts, **fields}
    return Subject(name, **given)  # type: ignore[arg-type]


def told(*subjects: Subject) -> list[str]:
    """The edges as one line each."""
    return [f"{it.caller} -> {it.callee}:{it.port} {it.protocol} ({it})" for it in infer(subjects)]


def environment(key: str, value: str) -> Text:
    """A variable."""
    return Text(f"environment {key}", value, HERE, key)


def test_an_edge_with_its_evidence() -> None:
    """The variable, the file and the line."""
    web = subject("web", environment("URL", "http://api:3000"))
    assert told(web, subject("api")) == [
        "web -> api:3000 http (inferred from environment URL, compose.yml:3)"
    ]


def test_the_first_evidence_counts() -> None:
    """A variable says more than depends_on, which then adds nothing."""
    web = subject("web", environment("URL", "http://api:3000"), waits=(("api", HERE),))
    assert told(web, subject("api")) == [
        "web -> api:3000 http (inferred from environment URL, compose.yml:3)"
    ]


def test_two_ports_are_two_edges() -> None:
    """As a program that speaks to both."""
    web = subject("web", environment("A", "http://api:80"), environment("B", "api:9000"))
    assert [it.port for it in infer((web, subject("api")))] == [80, 9000]


def test_an_address_without_a_port_leads_to_the_usual_one() -> None:
    """That of the image, else the first that the callee says it listens on."""
    web = subject("web", environment("DB_HOST", "db"), environment("API_HOST", "api"))
    db = subject("db", image="postgres:16")
    api = subject("api", ports={3000: "", 4000: ""})
    assert [(it.callee, it.port, it.protocol) for it in infer((web, db, api))] == [
        ("db", 5432, "postgres"),
        ("api", 3000, "http"),
    ]


def test_aliases_are_names() -> None:
    """Of a network, of a container, and of a link for its own caller only."""
    db = subject("db", names=frozenset({"db", "database", "the-db"}), image="postgres")
    web = subject("web", environment("A", "postgres://database"))
    job = subject("job", environment("A", "tcp://store:5432"), links=(("db", "store", HERE),))
    other = subject("other", environment("A", "tcp://store:5432"))
    assert [(it.caller, it.callee) for it in infer((web, job, other, db))] == [("web", "db"), ("job", "db")]


def test_nobody_calls_itself() -> None:
    """An own address is no edge, also when another has the same alias."""
    shared = frozenset({"kafka"})
    first = subject("kafka", environment("ADVERTISED", "PLAINTEXT://kafka:9092"))
    second = subject("kafka-2", names=frozenset({"kafka-2"}) | shared)
    assert told(first, second) == []


def test_waiting_is_an_edge_only_to_who_listens_within_reach() -> None:
    """Not to one that listens on nothing known, and not over networks that are apart."""
    web = subject("web", waits=(("db", HERE), ("job", HERE), ("far", HERE)))
    db = subject("db", image="redis")
    far = subject("far", image="redis", networks=frozenset({"other"}))
    assert told(web, db, subject("job"), far) == [
        "web -> db:6379 redis (inferred from depends_on, compose.yml:3)"
    ]


def test_a_written_protocol_is_no_guess() -> None:
    """``app_protocol`` counts for more than the port."""
    web = subject("web", environment("A", "api:80"))
    assert [it.protocol for it in infer((web, subject("api", ports={80: "grpc"})))] == ["grpc"]


def test_guesses() -> None:
    """By scheme, then by the image on its own port, then by the port."""
    assert tuple(map(of_scheme, ("jdbc:postgresql", "https", "ws", "s3"))) == ("postgres", "http", "http", "")
    assert tuple(map(of_port, (80, 8123, 6379, 7777))) == ("http", "http", "redis", "tcp")
    assert of_image("registry.test:5000/bitnami/postgresql:16@sha256:abc") == ("postgres", 5432)
    assert of_image("prometheuscommunity/postgres-exporter") is None
    assert of_image("example/api") is None
    assert guess(7000, "redis:7") == "redis"
    assert guess(15672, "rabbitmq:3-management") == "http"
    assert guess(5672, "rabbitmq:3-management") == "amqp"
    assert guess(9999, "example/x", ("mysql",)) == "mysql"
