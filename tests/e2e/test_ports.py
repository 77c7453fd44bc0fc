"""Published ports: who has one that is wanted is named, and it is taken over as soon as it is free."""

import socket
import urllib.request

import pytest

from support_product import Product, eventually

pytestmark = pytest.mark.e2e

WEB = """
[services.web]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
ports = ["@port@:http"]
"""


def test_a_taken_port_is_told_and_taken_over_once_it_is_free(product: Product) -> None:
    """`up --wait` fails and says who has the port; status, why and logs say it too; then it heals by itself."""
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = squatter.getsockname()[1]
        product.write(WEB.replace("@port@", str(port)))

        refused = product.run("up", "-d", "--wait", check=1).stderr

        assert f"port {port}" in refused
        assert "(pid " in refused
        assert product.status()["web"]["health"] == "healthy"
        for asked in (["status"], ["why", "web"], ["logs", "web"]):
            assert f"port {port}" in product.run(*asked).stdout, asked

    address = f"http://127.0.0.1:{port}"
    eventually(lambda: product.status()["web"]["url"] == address)
    assert product.run("up", "-d", "--wait").returncode == 0
    with urllib.request.urlopen(address, timeout=10) as reply:
        assert reply.status == 200
    assert f"port {port}" not in product.run("why", "web").stdout


def test_a_failed_one_off_is_not_called_completed(product: Product) -> None:
    """`why` shows the one-off that failed as failed, at the end of its dependent's chain."""
    product.write(
        "[services.job]\ncommand = \"sh -c 'exit 9'\"\none_shot = true\n"
        '[services.worker]\ncommand = "sleep 60"\nprotocol = "none"\ndepends_on = { job = "completed" }\n'
    )
    product.run("up", "-d", "--wait", check=1)

    chain = product.run("why", "worker").stdout

    assert "job ✕ failed: exit code 9" in chain
