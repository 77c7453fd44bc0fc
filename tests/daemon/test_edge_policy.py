"""The topology's rules for edges, as the mesh takes them."""

from pathlib import Path

import pytest

from meshdev.daemon.edge_policy import policy_of, words
from meshdev.daemon.edges import Edge, edges_of
from meshdev.topology.load import load
from meshdev.topology.model import Endpoint, System
from meshdev.wire.mesh import CircuitBreaker, EdgeKey, EdgePolicy

TOML = """
[system]
zero_trust = {zero_trust}

[services.front]
command = "true"
calls = ["orders", "carts"]
ports = ["8080:http"]
[services.front.edges.orders]
timeout = "2s"
retries = {{ attempts = 3, on = ["5xx", "reset"], backoff = "10ms", budget = 0.5, methods = ["GET", "post"] }}
circuit_breaker = {{ consecutive_errors = 5 }}
max_concurrency = 7
balance = "least-request"
hedge_after = "50ms"
slow_start = "30s"
[services.front.edges.carts]
allow = false
[services.orders]
command = "true"
[services.carts]
command = "true"
"""


def loaded(folder: Path, *, zero_trust: bool) -> System:
    """The system."""
    (folder / "meshdev.toml").write_text(TOML.format(zero_trust=str(zero_trust).lower()))
    return load(folder / "meshdev.toml", environ={"PATH": "/usr/bin:/bin"})


def policies(folder: Path, *, zero_trust: bool = False) -> dict[str, EdgePolicy]:
    """The policies of front's edges by callee; that of the published port by ``outside``."""
    system = loaded(folder, zero_trust=zero_trust)
    return {
        "outside" if key.caller == "outside" else key.callee: policy_of(system, edge)
        for key, edge in edges_of(system).items()
    }


def test_rules_are_handed_over(tmp_path: Path) -> None:
    """Every one of them, under the same name."""
    found = policies(tmp_path)["orders"]
    assert found == EdgePolicy(
        protocol="http",
        timeout=2.0,
        retry_attempts=3,
        retry_on=("5xx", "reset"),
        retry_backoff=0.01,
        retry_budget=0.5,
        circuit_breaker=CircuitBreaker(consecutive_errors=5),
        max_concurrency=7,
        balance="least-request",
        hedge_after=0.05,
        retry_methods=("GET", "POST"),
        slow_start=30.0,
    )
    assert words(found) == [
        "timeout 2s",
        "3 retries",
        "circuit breaker",
        "at most 7 at once",
        "hedging after 50ms",
        "least-request",
        "slow start over 30s",
    ]


@pytest.mark.parametrize("zero_trust", [False, True])
def test_who_may_call_whom(tmp_path: Path, *, zero_trust: bool) -> None:
    """`allow = false` closes always; zero trust what nobody declared; a published port stays open."""
    found = policies(tmp_path, zero_trust=zero_trust)
    assert {callee for callee, policy in found.items() if policy.denied} == {"carts"}
    undeclared = Edge(EdgeKey("orders", "front", "http"), Endpoint("http"), declared=False)
    denied = policy_of(loaded(tmp_path, zero_trust=zero_trust), undeclared).denied
    assert denied == (
        "zero_trust is on, and services.orders does not declare this call" if zero_trust else ""
    )
    assert found["carts"].denied == "the topology says allow = false for this edge"
    assert words(found["carts"]) == ["denied"]
    assert words(found["outside"]) == []


def test_an_edge_without_rules_only_forwards(tmp_path: Path) -> None:
    """Off by default: a developer must see what the services themselves do."""
    assert policies(tmp_path)["outside"] == EdgePolicy(protocol="http")


def test_fault_headers_are_faults_that_wait_to_be_asked(tmp_path: Path) -> None:
    """They are in the policy from the start, and told as a rule."""
    (tmp_path / "meshdev.toml").write_text(
        '[services.a]\ncommand = "true"\n[services.b]\ncommand = "true"\ncalls.a = { fault_headers = "20%" }\n'
    )
    system = load(tmp_path / "meshdev.toml", environ={"PATH": "/usr/bin:/bin"})
    policy = policy_of(system, edges_of(system)[EdgeKey("b", "a", "http")])
    assert [(spec.key, spec.percentage) for spec in policy.faults] == [
        ("x-envoy-fault/delay-request", 20.0),
        ("x-envoy-fault/abort-request", 20.0),
    ]
    assert words(policy) == ["fault headers for 20 %"]
