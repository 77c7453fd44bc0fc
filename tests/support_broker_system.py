"""A system with a service that uses one broker over two edges: ``events`` is declared, ``guessed`` is not."""

import json
from dataclasses import dataclass
from typing import Any

from support_product import Product, eventually

_TOPOLOGY = """
[system]
name = "messages"

[services.user]
command = "@python@ -u @programs@/@user@"
uses = ["brokers.events", "brokers.guessed"]
protocol = "none"

[brokers.events]
protocol = "@protocol@"
command = "@broker@"

[brokers.guessed]
protocol = "tcp"
command = "@broker@"
"""
TRACE = "0af7651916cd43dd8448eb211c80319c"


@dataclass(frozen=True, slots=True)
class BrokerSystem:
    """It is up, and its user works."""

    product: Product
    protocol: str

    def said(self) -> str:
        """What the user has printed."""
        return self.product.run("logs", "user").stdout

    def operations(self, callee: str) -> list[dict[str, Any]]:
        """What was told of an edge."""
        found = self.product.run("traffic", "--json", "-n", "1000", "--filter", f"callee=brokers.{callee}")
        lines = [json.loads(line) for line in found.stdout.splitlines()]
        return [line for line in lines if line["protocol"] == self.protocol]

    def told(self, callee: str) -> set[tuple[str, str, str]]:
        """Name, target and code of each."""
        return {(it["method"], it["target"], it["code"] or "ok") for it in self.operations(callee)}

    def wait_for(self, callee: str, wanted: set[tuple[str, str, str]]) -> None:
        """Until all of these are told."""
        eventually(lambda: self.told(callee) >= wanted, 20, lambda: str(wanted - self.told(callee)))

    def edges(self) -> dict[str, dict[str, Any]]:
        """``edges --json`` by the broker's name."""
        found = json.loads(self.product.run("edges", "--json").stdout)
        return {it["callee"].removeprefix("brokers."): it for it in found}

    def is_read(self) -> bool:
        """Whether nobody has given up."""
        return "cannot be read" not in (self.product.root / ".meshdev" / "daemon.log").read_text()


def broker_system(product: Product, protocol: str, broker: str, user: str) -> BrokerSystem:
    """Bring it up; ``broker`` is its command."""
    toml = _TOPOLOGY.replace("@protocol@", protocol).replace("@broker@", broker).replace("@user@", user)
    product.write(toml)
    product.run("up", "--wait", timeout=120)
    system = BrokerSystem(product, protocol)
    eventually(lambda: system.said().count(" got ") == 2, 60)
    return system
