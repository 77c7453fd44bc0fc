"""Experiments as a user runs them: a tiny system, real load, every verdict with its exit code."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from support_mesh import free_port
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SYSTEM = """
[services.front]
command = "@python@ @programs@/relay.py"
healthcheck = "/healthz"
calls = ["back"]
ports = ["@port@:http"]

[services.back]
command = "@python@ @programs@/relay.py"
healthcheck = "/healthz"

[faults.slow-back]
edge = "front -> back"
latency = "2500ms"

[faults.broken-back]
edge = "front -> back"
status = 503
"""
EXPERIMENT = """
[experiments.{name}]
hypothesis = "{name}"
warm_up = "500ms"
baseline = "2s"
recovery = "5s"
steady_state = {steady}
timeline = {timeline}
load = {load}
"""
STEADY = '{ edge = "outside -> front", errors = "< 5%", p99 = "< 1500ms", rps = "> 3" }'
EXPERIMENTS = {
    "holds": (
        """[
  { edge = "outside -> front", errors = "< 20%", p99 = "< 5s" },
  { http = "http://127.0.0.1:@port@/healthz", contains = "ok", timeout = "5s", every = "500ms", tolerance = "20%" },
  { exec = "test -f meshdev.toml && echo there", contains = "there", every = "500ms", tolerance = "20%" },
]""",
        """[
  { fault = { edge = "front -> back", latency = "20ms" }, for = "3s" },
  { at = "500ms", restart = "back" },
  { at = "1s", exec = ["touch", "done"] },
]""",
    ),
    "deviates": (STEADY, '{ fault = "slow-back", for = "4s" }'),
    "breaks": (STEADY, '{ fault = "broken-back", for = "2s" }'),
    "gate": ('{ edge = "outside -> front", rps = "> 4000" }', '{ fault = "slow-back", for = "2s" }'),
    "fails": (STEADY, '[{ fault = "slow-back" }, { at = "500ms", exec = "echo no such tool; exit 3" }]'),
    "long": (STEADY, '{ fault = "slow-back", for = "60s" }'),
}


@pytest.fixture
def tiny(product: Product) -> Product:
    """Two services, two faults and all experiments, up and healthy."""
    experiments = "".join(
        EXPERIMENT.format(
            name=name,
            steady=steady,
            timeline=timeline,
            load='{ command = "true" }' if name == "gate" else '{ to = "front", rate = 10 }',
        )
        for name, (steady, timeline) in EXPERIMENTS.items()
    )
    product.write((SYSTEM + experiments).replace("@port@", str(free_port())))
    product.run("up", "-d", "--wait")
    return product


def faults_on(product: Product) -> list[str]:
    """The faults that are on."""
    return [view["name"] for view in json.loads(product.run("fault", "list", "--json").stdout) if view["on"]]


def tried(product: Product, name: str, code: int, *more: str) -> dict[str, Any]:
    """Run one, with the exit code that is expected; its report."""
    done = product.run("chaos", "run", name, "--json", *more, check=code, timeout=60)
    assert faults_on(product) == []
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_every_verdict(tiny: Product, tmp_path: Path) -> None:
    """Held 0, deviated 1, gate 5, action 6; each undoes what it did, and the files are written."""
    names = json.loads(tiny.run("chaos", "list", "--json").stdout)
    assert [view["name"] for view in names] == list(EXPERIMENTS)

    held = tried(tiny, "holds", 0)
    assert (held["verdict"], held["broke"]) == ("holds", None)
    assert held["actions"][0]["hits"] > 0
    assert (tiny.root / "done").exists()
    assert len([check for check in held["checks"] if check["moments"] and check["holds"]]) == 9

    page, junit = tmp_path / "report.html", tmp_path / "report.xml"
    slow = tried(tiny, "deviates", 1, "--html", str(page), "--junit", str(junit))
    assert slow["verdict"] == "deviated"
    assert slow["broke"] < 1.5
    assert slow["blast"]["services"] == ["front"]
    assert slow["blast"]["struck"] == ["front -> back"]
    assert slow["load"]["max_ms"] > 1000
    assert slow["load"]["lag_p99_ms"] is not None
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert ET.parse(junit).find("testsuite/testcase/failure") is not None  # noqa: S314 -- our own

    gate = tried(tiny, "gate", 5)
    assert gate["verdict"] == "gate failed"
    assert gate["actions"] == []
    assert gate["notes"] == ["the load's command ended by itself, with 0"]

    failed = tried(tiny, "fails", 6)
    assert failed["verdict"] == "action failed"
    assert "no such tool" in failed["summary"]


def test_injected_errors_are_told_from_others(tiny: Product) -> None:
    """The struck call is injected, the 502 that follows from it a knock-on, and nothing is organic."""
    errors = tried(tiny, "breaks", 1)["errors"]
    assert errors["injected"] > 0
    assert errors["knock_on"] > 0
    assert errors["organic"] == 0


def running(product: Product) -> "subprocess.Popen[str]":
    """The long experiment, once its fault is on."""
    process = subprocess.Popen(
        product.command("chaos", "run", "long"),
        cwd=product.root,
        env=product.env(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    eventually(lambda: faults_on(product) == ["slow-back"], 30)
    return process


def test_interrupted(tiny: Product) -> None:
    """Ctrl-C undoes what was done, and reports."""
    process = running(tiny)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "INTERRUPTED" in output
    assert faults_on(tiny) == []


def test_killed(tiny: Product) -> None:
    """Nobody is left to undo anything: the faults end with the lease."""
    process = running(tiny)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    eventually(lambda: faults_on(tiny) == [], 30)


def test_mistakes(tiny: Product) -> None:
    """An unknown experiment, and a fault that is on already, are told before anything is done."""
    unknown = tiny.run("chaos", "run", "hold", check=2)
    assert "'holds'" in unknown.stderr
    tiny.run("fault", "on", "slow-back")
    assert "slow-back is on already" in tiny.run("chaos", "run", "deviates", check=2).stderr
    assert faults_on(tiny) == ["slow-back"]


def test_exploring(tiny: Product) -> None:
    """Every fault on the one inner edge is tried within the budget, the same seed in the same order, and undone."""
    found = json.loads(
        tiny.run(
            "chaos", "explore", "--budget", "22s", "--seed", "3", "--load", "deviates", "--json", timeout=60
        ).stdout
    )
    assert 1 <= found["tried"] <= found["possible"] == 2
    assert found["findings"][0]["services"] == ["front"]
    assert found["findings"][0]["broke"]
    assert faults_on(tiny) == []
