"""TLS on the edges of a running system: callers that know nothing of meshdev, what is seen, what is told, a reload."""

import json
import subprocess
import threading
from collections import Counter
from typing import Any

import grpc
import pytest

from meshdev.client.control import Control
from meshdev.client.project import find_project
from meshdev.testing.mesh import Mesh
from support_docker import BASE
from support_grpc import SERVICE, Caller
from support_load import load_on, rate
from support_npm import npm_package
from support_pods import needs_pods
from support_product import Product, eventually
from support_tls import issued

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TOPOLOGY = """
[system]
name = "secure"

[services.pay]
command = "@python@ -u @programs@/tls_server.py"
tls = "terminate"
healthcheck = { http = "/healthz", interval = "200ms", timeout = "2s" }
ports = ["@port@:http"]
watch = { paths = ["touched.txt"] }
"""
USERS = """
[services.user]
command = "@python@ -u @programs@/tls_user.py"
protocol = "none"
calls = ["pay"]

[services.node]
command = "node @programs@/tls_user.mjs"
protocol = "none"
calls = ["pay"]

[services.plainly]
command = "sh -c 'while true; do curl -s $PAY_URL/plainly; sleep 0.2; done'"
protocol = "none"
calls = { pay = { tls = "originate" } }
"""
GRPC = """
[system]
name = "secure"

[services.bench]
command = "@python@ -u @programs@/grpc_server.py"
protocol = "grpc"
tls = "terminate"
healthcheck = { grpc = "test.Bench", interval = "200ms", retries = 1 }

[services.node-bench]
command = "node @programs@/grpc_node.mjs serve"
protocol = "grpc"
tls = "terminate"
environment = { GRPC_JS = "@grpc_js@" }

[services.user]
command = "@python@ -u @programs@/grpc_user.py"
protocol = "none"
calls = ["bench"]

[services.node]
command = "node @programs@/grpc_node.mjs call NODE_BENCH"
protocol = "none"
calls = ["node-bench"]
environment = { GRPC_JS = "@grpc_js@" }
"""
EXPERIMENT = """
[experiments.look]
hypothesis = "it answers"
load = { to = "pay", rate = 20, requests = ["/"] }
steady_state = [{ edge = "outside -> pay", errors = "< 1%", rps = "> 1" }]
timeline = [{ at = "500ms", fault = { edge = "outside -> pay", latency = "1ms" }, for = "500ms" }]
baseline = "2s"
"""
CONTAINER = f"""
[services.boxed]
image = "{BASE}"
protocol = "none"
command = ["sh", "-c", "while :; do /usr/bin/curl -sS $$PAY_URL/ https://pay:8443/; sleep 0.3; done"]
volumes = ["/usr:/usr:ro", "/lib:/lib:ro", "/lib64:/lib64:ro"]
calls = ["pay"]
stop = {{ grace = "300ms" }}
"""
OTHERS = """
[services.theirs]
command = "@python@ -u @programs@/tls_server.py"
environment = { TLS_CERT_FILE = "@root@/theirs.pem", TLS_KEY_FILE = "@root@/theirs.pem" }
@tls@
ports = ["@port@:http"]
"""


POD = """
[system]
names = "pod"

[services.pay]
command = "@python@ -u @programs@/tls_server.py"
tls = "terminate"
healthcheck = "/healthz"

[services.user]
command = "sh -c 'while true; do for p in $PAY_URL https://pay; do curl -sS $p/; done; sleep 0.2; done'"
protocol = "none"
calls = ["pay"]
"""


def edges(product: Product) -> dict[tuple[str, str], dict[str, Any]]:
    """``edges --json`` by caller and callee."""
    found = json.loads(product.run("edges", "--json").stdout)
    return {(one["caller"], one["callee"]): one for one in found}


def traffic(product: Product, caller: str) -> list[dict[str, Any]]:
    """What was told of the calls of ``caller``."""
    found = product.run("traffic", "--json", "-n", "2000", "--filter", f"caller={caller}")
    return [json.loads(line) for line in found.stdout.splitlines()]


def said(product: Product, service: str) -> list[str]:
    """The lines that a service has printed."""
    return product.run("logs", service).stdout.splitlines()


def log(product: Product) -> str:
    """What the daemon has said."""
    return (product.root / ".meshdev" / "daemon.log").read_text()


def curl(product: Product, url: str, *more: str) -> subprocess.CompletedProcess[str]:
    """As a person would, who trusts the project's authority."""
    trusts = str(product.root / ".meshdev/tls/ca.pem")
    argv = ["curl", "-sS", "--noproxy", "*", "--cacert", trusts, *more, url]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)


def test_callers_of_every_sort_trust_the_edge(product: Product, free_port: int) -> None:
    """By their environment alone; each speaks what it can, and every request is read; one caller speaks plain."""
    product.write((TOPOLOGY + USERS).replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait", timeout=120)
    old, new = "HTTP/1.1 https", "HTTP/2 https"
    eventually(lambda: f"https:// | {old} | {old} | {new} | {new}" in "".join(said(product, "user")), 30)
    eventually(lambda: f"{old} | {new} | {old}" in "".join(said(product, "node")), 30)
    eventually(lambda: f"{old}" in "".join(said(product, "plainly")), 30)
    eventually(lambda: {(one["method"], one["protocol"]) for one in traffic(product, "user")}
               >= {("GET", ""), ("GET", "http2")})  # fmt: skip
    found = edges(product)
    assert (found["user", "pay"]["tls"], found["plainly", "pay"]["tls"]) == ("terminate", "originate")
    assert found["user", "pay"]["errors"] == found["node", "pay"]["errors"] == 0
    assert "TLS terminated" in product.run("edges").stdout
    assert f"https://127.0.0.1:{free_port}" in product.run("status").stdout
    for version in ("--http1.1", "--http2"):
        assert "https" in curl(product, f"https://localhost:{free_port}/x", version).stdout
    distrusting = curl(
        product, f"https://localhost:{free_port}/x", "--cacert", "/etc/ssl/certs/ca-certificates.crt"
    )
    assert distrusting.returncode == 60
    eventually(lambda: "outside says unknown ca to the certificate of this edge" in log(product))

    product.run("fault", "add", "user -> pay", "latency=300ms", "--match", "path=/requests")
    eventually(lambda: any(one["faults"] for one in traffic(product, "user")), 30)


def test_grpc_by_tls(product: Product) -> None:
    """Grpcio and `@grpc/grpc-js` on both ends: every call is read, health is asked by TLS, one method is aborted."""
    module = str(npm_package("@grpc/grpc-js"))
    product.write(GRPC.replace("@grpc_js@", module))
    product.run("up", "-d", "--wait", timeout=120)
    expected = "hello NOT_FOUND UNAVAILABLE 30 150 20"
    eventually(lambda: any(expected in line for line in said(product, "user")), 60)
    eventually(lambda: any("OK DATA_LOSS 40" in line for line in said(product, "node")), 60)
    eventually(lambda: len({(one["method"], one["code"]) for one in traffic(product, "user")}) == 6, 30)
    calls = {(one["method"], one["code"]) for one in traffic(product, "user")}
    assert {(f"{SERVICE}/Echo", ""), (f"{SERVICE}/Fail", "NOT_FOUND"), (f"{SERVICE}/Chat", "")} <= calls
    fault = ("grpc-status=ABORTED@50%", "--match", f"path=/{SERVICE}/Echo")
    product.run("fault", "add", "node -> node-bench", *fault)
    eventually(lambda: any("ABORTED+OK DATA_LOSS 40" in line for line in said(product, "node")), 60)


@pytest.mark.docker
def test_a_container_trusts_the_edge(product: Product, free_port: int) -> None:
    """By name and by its variable, with the files that are mounted for it."""
    product.write((TOPOLOGY + CONTAINER).replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait", timeout=120)
    eventually(lambda: sum("HTTP/2 https" in line for line in said(product, "boxed")) >= 4, 40)
    assert edges(product)["boxed", "pay"]["errors"] == 0, traffic(product, "boxed")
    assert "SSL_CERT_FILE=/etc/meshdev/trust-" in product.run("env", "boxed").stdout


@needs_pods
def test_by_name_from_a_network_of_its_own(product: Product) -> None:
    """The hard-coded ``https://pay`` as well as the variable; the callee is spoken to by TLS in its own network."""
    product.write(POD)
    product.run("up", "-d", "--wait", timeout=120)
    eventually(lambda: sum("HTTP/2 https" in line for line in said(product, "user")) >= 4, 30)
    assert "PAY_URL=https://pay:8443" in product.run("env", "user").stdout
    assert edges(product)["user", "pay"]["errors"] == 0


def test_saves_under_load_fail_no_request(product: Product, free_port: int) -> None:
    """Kept and new connections, slow requests and uploads, all by TLS: whoever answers, all are answered."""
    touched = product.root / "touched.txt"
    touched.write_text("0")
    product.write(TOPOLOGY.replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait")
    trusts = product.root / ".meshdev/tls/ca.pem"
    with load_on(free_port, per_second=rate(50), trusts=trusts) as load:
        for save in (1, 2):
            touched.write_text(str(save))
            eventually(lambda save=save: generation(product) == save + 1, 40)  # type: ignore[misc]
    assert load.failed == {}
    assert load.ok == load.sent
    assert len(load.answered_by) == 3


def test_a_restart_under_load_fails_no_grpc_call(product: Product, free_port: int) -> None:
    """Callers are sent on by GOAWAY within TLS."""
    bench = GRPC.partition("[services.node-bench]")[0]
    product.write(f'{bench}ports = ["{free_port}:grpc"]')
    product.run("up", "-d", "--wait", timeout=120)
    credentials = grpc.ssl_channel_credentials((product.root / ".meshdev/tls/ca.pem").read_bytes())
    over = threading.Event()
    codes: Counter[str] = Counter()

    def load() -> None:
        with Caller(free_port, credentials) as caller:
            while not over.is_set():
                codes[caller.code("Echo", b"e" * 1000)] += 1

    threads = [threading.Thread(target=load) for _ in range(3)]
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
    assert len({one["instance"] for one in traffic(product, "outside")}) == 2


def generation(product: Product) -> int:
    """Of the only instance that is in charge, once a reload is done."""
    pay = product.status()["pay"]
    serving = [one["generation"] for one in pay["instances"] if one["role"] == "serving"]
    done = (pay["last_reload"] or {}).get("outcome") == "done"
    return int(serving[0]) if done and len(serving) == 1 and len(pay["instances"]) == 1 else 0


@pytest.mark.parametrize(
    ("tls", "passes", "sentence"),
    [
        ('tls = "passthrough"', False, ""),
        ('tls = "terminate"', False, "its certificate is for localhost, by test"),
        ('tls = { ca = "theirs-ca.pem", server_name = "localhost" }', True, ""),
        ("tls = { verify = false }", True, ""),
    ],
)
def test_a_callee_with_a_certificate_of_its_own(
    product: Product, free_port: int, tls: str, sentence: str, *, passes: bool
) -> None:
    """It passes through unread with that; terminated, it has to hold: by its authority and name, or unverified."""
    theirs = issued(product.root, "localhost", stem="theirs")
    text = OTHERS.replace("@tls@", tls).replace("@root@", str(product.root)).replace("@port@", str(free_port))
    product.write(text)
    product.run("up", "-d", "--wait")
    url = f"https://localhost:{free_port}/x"
    answer = curl(product, url)
    if passes:
        assert "https" in answer.stdout
        assert edges(product)["outside", "theirs"]["requests"] == 1
    elif sentence:
        assert '"error":"tls"' in answer.stdout.replace(" ", "")
        eventually(lambda: sentence in log(product))
    else:
        assert answer.returncode == 60
        own = curl(product, url, "--cacert", str(theirs.authority))
        assert "https" in own.stdout
        edge = edges(product)["outside", "theirs"]
        assert (edge["tls"], edge["protocol"], edge["routes"]) == ("passthrough", "https", [])


def test_what_meshdev_itself_asks_is_asked_by_tls(product: Product, free_port: int) -> None:
    """The pytest plugin's client, a replay, a stand-in that plays the recording, an experiment."""
    product.write(TOPOLOGY.replace("@port@", str(free_port)) + EXPERIMENT)
    product.run("up", "-d", "--wait")
    mesh = Mesh(Control(find_project(None, cwd=product.root, environ=product.env())))
    with mesh.record("walk"), mesh.http("pay") as http:
        assert http.get("/a").text.endswith("HTTP/1.1 https\n")
    product.run("replay", "walk", "--to", "pay")
    product.run("swap", "pay", "--with", "recording:walk", timeout=60)
    played = curl(product, f"https://localhost:{free_port}/a")
    assert played.stdout.endswith("HTTP/1.1 https\n")
    assert "no-match" in curl(product, f"https://localhost:{free_port}/b").stdout
    product.run("swap", "pay", "--with", "file", timeout=60)
    done = product.run("chaos", "run", "look", timeout=90, check=None)
    assert done.returncode == 0, done.stdout + done.stderr


def test_certificates_stay_and_are_for_one_user_only(product: Product, free_port: int) -> None:
    """A second start uses them, so whoever has trusted the authority once need not do so again."""
    product.write(TOPOLOGY.replace("@port@", str(free_port)))
    folder = product.root / ".meshdev" / "tls"
    product.run("up", "-d", "--wait")
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in folder.glob("*.key")} == {
        "ca.key": "0o600",
        "pay.key": "0o600",
    }
    product.run("down")
    product.run("up", "-d", "--wait")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first
