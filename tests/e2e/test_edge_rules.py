"""Rules that the topology file gives an edge, as a caller meets them and as the command line tells them."""

import json

import httpx
import pytest

from support_mesh import free_port
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SYSTEM = """
[services.front]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
calls = ["back"]
ports = ["@port@:http", "@second@:http"]
edges.back = { allow = false }

[services.back]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
"""


def test_a_closed_edge_and_an_endpoint_with_two_ports(product: Product) -> None:
    """The caller is told who may not call whom, and by which rule; both published ports lead to the service."""
    ports = free_port(), free_port()
    product.write(SYSTEM.replace("@port@", str(ports[0])).replace("@second@", str(ports[1])))
    product.run("up", "-d", "--wait")
    told = {
        (edge["caller"], edge["callee"]): edge for edge in json.loads(product.run("edges", "--json").stdout)
    }

    refused = httpx.get(f"http://127.0.0.1:{told['front', 'back']['port']}/healthz")

    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json() | {"detail": ""} == {
        "title": "Forbidden",
        "status": 403,
        "detail": "",
        "by": "meshdev",
        "error": "denied",
        "caller": "front",
        "callee": "back",
        "endpoint": "http",
    }
    assert refused.json()["detail"].startswith("front may not call back: ")
    assert [httpx.get(f"http://127.0.0.1:{port}/healthz").status_code for port in ports] == [200, 200]

    def counted() -> bool:
        calls = json.loads(f"[{','.join(product.run('traffic', '--json').stdout.splitlines())}]")
        return {(call["caller"], call["status"], call["by"]) for call in calls} == {
            ("front", 403, "meshdev"),
            ("outside", 200, ""),
            (f"outside:{ports[1]}", 200, ""),
        }

    eventually(counted)


def test_callers_ask_for_faults(product: Product) -> None:
    """Where the edge allows it, by Envoy's headers; what was asked for is told with the call."""
    product.write(
        SYSTEM.replace("allow = false", "fault_headers = true").replace('"@port@:http", "@second@:http"', "")
    )
    product.run("up", "-d", "--wait")
    (edge,) = json.loads(product.run("edges", "--json").stdout)
    url = f"http://127.0.0.1:{edge['port']}/healthz"
    assert (edge["faults"], edge["policies"]) == ([], ["fault headers"])

    assert httpx.get(url).status_code == 200
    asked = httpx.get(
        url, headers={"x-envoy-fault-delay-request": "50", "x-envoy-fault-abort-request": "418"}
    )

    assert (asked.status_code, asked.headers["x-meshdev-fault"]) == (418, "x-envoy-fault/abort-request")
    assert asked.elapsed.total_seconds() >= 0.05

    def told() -> bool:
        calls = [json.loads(line) for line in product.run("traffic", "--json").stdout.splitlines()]
        return [(call["status"], call["faults"]) for call in calls] == [
            (200, []),
            (418, ["x-envoy-fault/delay-request", "x-envoy-fault/abort-request"]),
        ]

    eventually(told)
