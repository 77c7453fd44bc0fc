"""check, schema, graph, plan and init, as a user meets them."""

import json
from pathlib import Path

import click

from meshdev.cli.plan import render
from meshdev.wire.control import PlanStep, PlanView
from support_cli import Cli
from support_topology import write

GOOD = """
[services.a]
command = "true"
calls = ["b"]
healthcheck = "/"
[services.b]
command = "true"
healthcheck = "/"
"""


def topology(cli: Cli, text: str) -> None:
    """Write the project's file."""
    write(cli.project.root, text)


def test_check_finds_nothing(cli: Cli) -> None:
    """A right file is told in one line."""
    topology(cli, GOOD)
    ran = cli("check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{cli.project.root.name}: 2 services; no findings\n"


def test_check_warns(cli: Cli) -> None:
    """Warnings pass, unless they are asked to count."""
    topology(cli, '[services.a]\ncommand = "true"\n')
    ran = cli("check")
    assert ran.code == 0
    assert ran.out.splitlines()[0].startswith("meshdev.toml:1: warning: a has no healthcheck")
    assert ran.out.splitlines()[-1].endswith("1 service; 0 errors, 1 warning")
    assert cli("check", "--strict").code == 2


def test_check_fails(cli: Cli) -> None:
    """Problems go to standard error, all of them, with exit code 2."""
    topology(cli, '[services.a]\ncomand = "x"\nreplicas = -1\n')
    ran = cli("check")
    assert (ran.code, ran.out) == (2, "")
    assert "meshdev.toml:2: services.a: unknown key" in ran.err
    assert "meshdev.toml:3: services.a.replicas" in ran.err


def test_check_finds_no_program(cli: Cli) -> None:
    """A command that isn't installed is an error of `check`, though the file loads."""
    topology(cli, '[services.a]\ncommand = "no-such-program"\nhealthcheck = "/"\n')
    ran = cli("check")
    assert ran.code == 2
    assert "error: a: there is no program 'no-such-program' [command-not-found]" in ran.out


def test_check_for_programs(cli: Cli) -> None:
    """JSON has the same findings, valid or not."""
    topology(cli, "[services.a]\nreplicas = -1\n")
    ran = cli("check", "--json")
    assert ran.code == 2
    assert json.loads(ran.out) == {
        "ok": False,
        "problems": [
            {
                "file": "meshdev.toml",
                "line": 2,
                "severity": "error",
                "code": "invalid",
                "message": "services.a.replicas: found -1 (whole number), accepted: whole number ≥ 0",
                "hint": "",
            }
        ],
    }
    topology(cli, '[services.a]\ncommand = "true"\n')
    ran = cli("check", "--json")
    assert ran.code == 0
    answer = json.loads(ran.out)
    assert answer["ok"]
    assert [problem["code"] for problem in answer["problems"]] == ["no-healthcheck"]


def test_check_under_a_profile(cli: Cli) -> None:
    """The chosen profiles are named in the outcome."""
    topology(cli, f"{GOOD}[profiles.p.services.b]\nreplicas = 2\n")
    assert "(profiles: p): 2 services" in cli("check", "-p", "p").out
    assert cli("check", "-p", "q").code == 2


def test_graph(cli: Cli) -> None:
    """Each format, and JSON by either option."""
    topology(cli, GOOD)
    assert cli("graph").out.splitlines()[:2] == ["a  (http)", "  -> b"]
    assert cli("graph", "--format", "mermaid").out.startswith("flowchart LR\n")
    assert cli("graph", "--format", "dot").out.startswith("digraph")
    assert json.loads(cli("graph", "--json").out) == json.loads(cli("graph", "--format", "json").out)
    assert cli("graph", "--format", "png").code == 2


def test_plan_without_a_daemon(cli: Cli) -> None:
    """Nothing runs, so everything would start."""
    topology(cli, GOOD)
    assert cli("plan").out.splitlines() == ["+ start   a", "+ start   b"]
    steps = json.loads(cli("plan", "--json").out)["steps"]
    assert [(step["service"], step["action"]) for step in steps] == [("a", "start"), ("b", "start")]


def test_a_plan_against_what_runs() -> None:
    """What changes is listed with its reason, what stays is counted."""
    steps = [
        ("a", "restart", "command"),
        ("b", "keep", ""),
        ("c", "scale", "replicas 1 -> 2"),
        ("d", "update", "team"),
    ]
    view = PlanView(
        steps=[PlanStep(service=service, action=action, reason=reason) for service, action, reason in steps],
        warnings=["w"],
    )
    assert [click.unstyle(line) for line in render(view)] == [
        "~ restart a  (command)",
        "± scale   c  (replicas 1 -> 2)",
        "* update  d  (team)",
        "1 unchanged",
        "warning: w",
    ]
    assert render(PlanView(steps=[])) == ["0 unchanged"]


def test_schema(cli: Cli) -> None:
    """On standard output, or in a file whose folder may not be there yet."""
    printed = cli("schema")
    assert json.loads(printed.out)["title"] == "meshdev.toml"
    file = cli.project.root / "x" / "schema.json"
    assert cli("schema", "-o", str(file)).out == f"wrote {file}\n"
    assert file.read_text("utf-8") == printed.out
    assert cli("schema", "-o", str(file / "y")).code == 4


def test_init(cli: Cli, tmp_path: Path) -> None:
    """A first file that `check` accepts; a file that is there stays, unless it is forced."""
    write(tmp_path, "web: true\nworker: sleep 1\n", "Procfile")
    ran = cli("init", str(tmp_path))
    assert ran.code == 0
    assert "web: from Procfile (web)" in ran.out
    assert cli("check", "-f", str(tmp_path / "meshdev.toml")).code == 0
    again = cli("init", str(tmp_path))
    assert again.code == 2
    assert "is there already\n  `--force` overwrites it" in again.err
    assert cli("init", "--force", str(tmp_path)).code == 0
    assert cli("init", "--stdout", str(tmp_path)).out == (tmp_path / "meshdev.toml").read_text("utf-8")


def test_init_of_nothing(cli: Cli, tmp_path: Path) -> None:
    """An empty folder gets an example, a missing one is refused."""
    assert "found no Procfile" in cli("init", str(tmp_path)).out
    assert cli("init", str(tmp_path / "none")).code == 2
