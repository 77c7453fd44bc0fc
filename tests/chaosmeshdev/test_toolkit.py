"""Chaos Toolkit, as it is, drives a real system; and its files run by ours, with exit codes that tell what happened."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chaosmeshdev import discover
from meshdev.cli.chaos_toolkit import DEVIATED, FAILED, HELD, INTERRUPTED, NO_GATE, exit_code
from support_product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SYSTEM = """
[system]
name = "pair"

[services.front]
command = "@python@ @programs@/passer.py"
healthcheck = "/healthz"
calls = ["back"]
ports = ["@port@:http"]

[services.back]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
"""


def python(module: str, function: str, **arguments: object) -> dict[str, Any]:
    """A provider of Chaos Toolkit's kind."""
    return {"type": "python", "module": f"chaosmeshdev.{module}", "func": function, "arguments": arguments}


def action(function: str, **arguments: object) -> dict[str, Any]:
    """An action."""
    return {"type": "action", "name": function, "provider": python("actions", function, **arguments)}


def experiment(port: int, *method: dict[str, Any], **changes: object) -> dict[str, Any]:
    """The front answers 200, before and after ``method``."""
    answers = {
        "type": "probe",
        "name": "front answers",
        "tolerance": 200,
        "provider": {"type": "http", "url": f"http://127.0.0.1:{port}/", "timeout": 5},
    }
    healthy = {
        "type": "probe",
        "name": "all healthy",
        "tolerance": True,
        "provider": python("probes", "all_healthy"),
    }
    return {
        "title": "the front answers",
        "description": "whatever happens behind it",
        "steady-state-hypothesis": {"title": "it answers", "probes": [healthy, answers]},
        "method": list(method),
        "rollbacks": [action("clear_faults")],
        **changes,
    }


@pytest.fixture
def pair(product: Product, free_tcp_port: int) -> tuple[Product, int]:
    """Two services, one calling the other, running."""
    product.write(SYSTEM.replace("@port@", str(free_tcp_port)))
    product.run("up", "-d", "--wait")
    return product, free_tcp_port


def chaos(product: Product, content: dict[str, Any], *words: str) -> subprocess.CompletedProcess[str]:
    """Chaos Toolkit's own command."""
    (product.root / "experiment.json").write_text(json.dumps(content))
    command = [str(Path(sys.executable).with_name("chaos")), "--no-version-check", *words, "experiment.json"]
    return subprocess.run(
        command, cwd=product.root, env=product.env(), capture_output=True, text=True, timeout=120, check=False
    )


def test_chaos_run_drives_the_mesh(pair: tuple[Product, int]) -> None:
    """Its command, unchanged: a delay that is borne, an error that is not, probes in between; nothing is left on."""
    product, port = pair
    borne = experiment(
        port,
        action("add_fault", target="front -> back", faults={"latency": "50ms"}, name="slow"),
        {"type": "probe", "name": "on", "tolerance": ["slow"], "provider": python("probes", "faults_on")},
        action("remove_fault", name="slow"),
        action("kill", service="back"),
        {"type": "probe", "name": "rps", "provider": python("probes", "edge_rps", name="front -> back")},
        **{"steady-state-hypothesis": {"title": "up", "probes": []}},
    )
    ran = chaos(product, borne, "run")
    assert ran.returncode == 0, ran.stderr
    journal = json.loads((product.root / "journal.json").read_text())
    assert [one["status"] for one in journal["run"]] == ["succeeded"] * 5, journal

    product.run("restart", "back")
    refused = experiment(port, action("add_fault", target="front -> back", faults={"status": 503}))
    assert chaos(product, refused, "run").returncode == 1
    assert json.loads((product.root / "journal.json").read_text())["deviated"] is True
    assert json.loads(product.run("fault", "list", "--json").stdout) == []


def test_each_way_to_end_has_its_exit_code(pair: tuple[Product, int]) -> None:
    """Held, deviated, no gate, an action that failed; for people in lines, for programs as the journal."""
    product, port = pair
    cases = {
        HELD: experiment(port, action("pause", service="back", duration=0.2)),
        DEVIATED: experiment(port, action("add_fault", target="front -> back", faults={"status": 500})),
        FAILED: experiment(port, action("add_fault", target="front -> bcak", faults={"status": 500})),
        NO_GATE: experiment(1, action("kill", service="back")),
    }
    for code, content in cases.items():
        (product.root / "experiment.json").write_text(json.dumps(content))
        ran = product.run("chaos", "run", "experiment.json", "--quiet", check=code, timeout=90)
        assert "the front answers" in ran.stdout
        assert product.run("fault", "list", "--json").stdout.strip() == "[]"
    shown = product.run("chaos", "run", "experiment.json", "--json", "--quiet", check=NO_GATE, timeout=90)
    assert json.loads(shown.stdout)["status"] == "failed"
    (product.root / "experiment.json").write_text('{"title": "nothing"}')
    assert "experiment.json" in product.run("chaos", "run", "experiment.json", check=2).stderr


def test_everything_is_discovered() -> None:
    """`chaos discover chaosmeshdev` lists what can be written into an experiment."""
    names = {activity["name"] for activity in discover()["activities"]}
    assert {"add_fault", "partition", "kill", "pause", "edge_p99_ms", "service_health"} <= names


@pytest.mark.parametrize(
    ("journal", "code"),
    [
        ({"status": "completed"}, HELD),
        ({"status": "completed", "deviated": True}, DEVIATED),
        ({"status": "failed", "steady_states": {"before": {"steady_state_met": False}}}, NO_GATE),
        ({"status": "completed", "run": [{"status": "failed"}]}, FAILED),
        ({"status": "aborted"}, FAILED),
        ({"status": "interrupted"}, INTERRUPTED),
    ],
)
def test_a_journal_comes_to_one_code(journal: dict[str, Any], code: int) -> None:
    """Whatever else stands in it."""
    assert exit_code(journal) == code
