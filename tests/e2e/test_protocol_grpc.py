"""gRPC over the edges of a running system: what is seen of it, faults on single calls, health probes, two languages."""

import json
import os
import signal
import threading
from collections import Counter
from queue import SimpleQueue
from typing import Any

import grpc
import pytest

from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.traffic.faults.reading import read_toggle
from meshdev.wire.mesh import EdgeKey
from support_grpc import SERVICE, Caller
from support_mesh import free_port
from support_npm import npm_package
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TOPOLOGY = """
[system]
name = "calls"

[services.bench]
command = "@python@ -u @programs@/grpc_server.py"
protocol = "grpc"
ports = ["@port@:grpc"]
healthcheck = { grpc = "test.Bench", interval = "200ms", retries = 1 }

[services.user]
command = "@python@ -u @programs@/grpc_user.py"
protocol = "none"
calls = ["bench"]
"""
NODE = """
[services.node-bench]
command = "node @programs@/grpc_node.mjs serve"
protocol = "grpc"
environment = { GRPC_JS = "@grpc_js@" }

[services.node]
command = "node @programs@/grpc_node.mjs call NODE_BENCH"
protocol = "none"
calls = ["node-bench"]
environment = { GRPC_JS = "@grpc_js@" }

[services.crossed]
command = "node @programs@/grpc_node.mjs call BENCH"
protocol = "none"
calls = ["bench"]
environment = { GRPC_JS = "@grpc_js@" }
"""
FLAKY = {"edge": "outside -> bench", "grpc_status": "UNAVAILABLE", "percentage": 10, "seed": 7}


def edges(product: Product) -> dict[tuple[str, str], dict[str, Any]]:
    """``edges --json`` by caller and callee."""
    found = json.loads(product.run("edges", "--json").stdout)
    return {(one["caller"], one["callee"]): one for one in found}


def traffic(product: Product, caller: str) -> list[dict[str, Any]]:
    """What was told of the calls of ``caller``."""
    found = product.run("traffic", "--json", "-n", "2000", "--filter", f"caller={caller}")
    return [json.loads(line) for line in found.stdout.splitlines()]


def read_throughout(product: Product) -> bool:
    """Whether no scanner has given up."""
    log = (product.root / ".meshdev" / "daemon.log").read_text()
    return "cannot be read" not in log and "does not speak" not in log


def said(product: Product, service: str) -> list[str]:
    """The lines that a service has printed."""
    return product.run("logs", service).stdout.splitlines()


def test_calls_of_every_sort_are_seen(product: Product) -> None:
    """Names, codes, messages, traces and latencies of a real caller; a fault of bytes is felt; nobody gives up."""
    product.write(TOPOLOGY.replace("@port@", str(free_port())))
    product.run("up", "--wait", timeout=120)
    expected = "hello NOT_FOUND UNAVAILABLE 30 150 20"
    eventually(lambda: any(expected in line for line in said(product, "user")), 60)
    eventually(lambda: len(traffic(product, "user")) >= 6)
    told = {(one["method"], one["code"], one["status"], one["messages_in"], one["messages_out"])
            for one in traffic(product, "user")}  # fmt: skip
    assert told == {
        (f"{SERVICE}/Echo", "", 200, 1, 1),
        (f"{SERVICE}/Fail", "NOT_FOUND", 400, 1, 0),
        (f"{SERVICE}/Fail", "UNAVAILABLE", 500, 1, 0),
        (f"{SERVICE}/Count", "", 200, 1, 30),
        (f"{SERVICE}/Sum", "", 200, 50, 1),
        (f"{SERVICE}/Chat", "", 200, 20, 20),
    }
    traces = {one["trace"] for one in traffic(product, "user") if one["method"].endswith("Echo")}
    assert traces == {"0af7651916cd43dd8448eb211c80319c"}
    edge = edges(product)["user", "bench"]
    assert (edge["protocol"], edge["guessed"]) == ("grpc", False)
    routes = {one["route"]: one for one in edge["routes"]}
    assert routes[f"{SERVICE}/Echo"]["p99_ms"] > 0
    assert routes[f"{SERVICE}/Fail"]["errors"] * 2 == routes[f"{SERVICE}/Fail"]["requests"]
    assert f"{SERVICE}/Echo" in product.run("metrics").stdout

    product.run("fault", "add", "user -> bench", "latency=500ms")
    eventually(lambda: any("slow hello NOT_FOUND" in line for line in said(product, "user")), 30)
    assert read_throughout(product)


def test_ten_percent_of_one_method_is_aborted(product: Product) -> None:
    """Show 4: the share is what the seed says; other methods and a long stream on the same connection go on."""
    port = free_port()
    product.write(TOPOLOGY.replace("@port@", str(port)))
    product.run("up", "bench", "--wait", timeout=120)
    fault = "grpc-status=UNAVAILABLE@10%"
    product.run(
        "fault",
        "add",
        "outside -> bench",
        fault,
        "--name",
        "flaky",
        "--seed",
        "7",
        "--match",
        f"path=/{SERVICE}/Echo",
    )
    calls, step = 400, 20
    codes: Counter[str] = Counter()
    asked: SimpleQueue[bytes | None] = SimpleQueue()
    with Caller(port) as caller:
        chat = caller.chat(iter(asked.get, None))
        echo = caller.channel.unary_unary(f"/{SERVICE}/Echo")
        total = caller.channel.stream_unary(f"/{SERVICE}/Sum")
        for begin in range(0, calls, step):
            futures = [echo.future(b"%d" % number, timeout=60) for number in range(begin, begin + step)]
            others = [total.future(iter([b"xy"] * 10), timeout=60) for _ in range(3)]
            asked.put(b"%d" % begin)
            assert next(chat) == b"%d" % begin
            assert [other.result() for other in others] == [b"20"] * 3
            for number, future in enumerate(futures, begin):
                codes[future.code().name] += 1
                assert future.code() is not grpc.StatusCode.OK or future.result() == b"%d" % number
        asked.put(None)
        assert list(chat) == []
    expected = EdgeFaults(str(EdgeKey("outside", "bench", "grpc")), "outside")
    expected.adopt(read_toggle("flaky", FLAKY).specs, 0.0)
    share = sum(expected.faults[0].draw(ordinal, 0.0) for ordinal in range(1, calls + 1))
    assert codes == {"UNAVAILABLE": share, "OK": calls - share}
    eventually(lambda: edges(product)["outside", "bench"]["fault_hits"] == {"flaky/grpc-status": share})
    edge = edges(product)["outside", "bench"]
    assert {one["route"]: (one["requests"], one["errors"]) for one in edge["routes"]} == {
        f"{SERVICE}/Echo": (calls, share),
        f"{SERVICE}/Sum": (calls // step * 3, 0),
        f"{SERVICE}/Chat": (1, 0),
    }
    injected = [one for one in traffic(product, "outside") if one["faults"]]
    assert {(one["method"], one["code"], one["by"]) for one in injected} == {
        (f"{SERVICE}/Echo", "UNAVAILABLE", "meshdev")
    }
    assert read_throughout(product)


def test_health_is_asked_by_grpc(product: Product) -> None:
    """A service is ready when it says that it is serving, and unhealthy as soon as it does not."""
    product.write(TOPOLOGY.replace("@port@", str(free_port())))
    product.run("up", "bench", "--wait", timeout=120)

    def probed(words: str) -> bool:
        return words in product.run("status", "--json").stdout

    assert product.status()["bench"]["health"] == "healthy"
    pid = product.status()["bench"]["instances"][0]["pid"]
    os.kill(pid, signal.SIGUSR1)
    eventually(lambda: product.status()["bench"]["health"] == "unhealthy")
    assert probed("grpc health of test.Bench: NOT_SERVING")
    os.kill(pid, signal.SIGUSR1)
    eventually(lambda: product.status()["bench"]["health"] == "healthy")


def test_node_calls_node_and_python(product: Product) -> None:
    """`@grpc/grpc-js` as both ends and as a caller of grpcio's server; a call of it is aborted, all others go on."""
    module = str(npm_package("@grpc/grpc-js"))
    topology = TOPOLOGY.partition("[services.user]")[0] + NODE
    product.write(topology.replace("@port@", str(free_port())).replace("@grpc_js@", module))
    product.run("up", "--wait", timeout=120)
    eventually(lambda: any("OK DATA_LOSS 40" in line for line in said(product, "node")), 60)
    eventually(lambda: any("OK DATA_LOSS 40" in line for line in said(product, "crossed")), 60)
    product.run(
        "fault", "add", "node -> node-bench", "grpc-status=ABORTED@50%", "--match", f"path=/{SERVICE}/Echo"
    )
    eventually(lambda: any("ABORTED+OK DATA_LOSS 40" in line for line in said(product, "node")), 60)
    told = {(one["method"], one["code"], one["messages_out"]) for one in traffic(product, "node")}
    assert told >= {
        (f"{SERVICE}/Echo", "", 1),
        (f"{SERVICE}/Echo", "ABORTED", 0),
        (f"{SERVICE}/Fail", "DATA_LOSS", 0),
        (f"{SERVICE}/Chat", "", 40),
    }
    assert all("CANCELLED" not in line and "INTERNAL" not in line for line in said(product, "node"))
    assert read_throughout(product)


def test_a_restart_under_load_fails_no_call(product: Product) -> None:
    """Callers are sent on to the new instance: unary calls and a stream that lasted over it, all end well."""
    port = free_port()
    product.write(TOPOLOGY.replace("@port@", str(port)))
    product.run("up", "bench", "--wait", timeout=120)
    over = threading.Event()
    codes: Counter[str] = Counter()

    def load() -> None:
        with Caller(port) as caller:
            while not over.is_set():
                codes[caller.code("Echo", b"e" * 1000)] += 1

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: codes.total() > 50, 60)
        product.run("restart", "bench", timeout=120)
        before = codes.total()
        eventually(lambda: codes.total() > before + 50, 60)
    finally:
        over.set()
        for thread in threads:
            thread.join(30)
    assert set(codes) == {"OK"}
    generations = {one["instance"] for one in traffic(product, "outside") if one["method"].endswith("Echo")}
    assert len(generations) == 2
