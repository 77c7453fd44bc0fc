"""`meshdev chaos` without a system: what there is, what is refused, doctests of the pure parts."""

import doctest
import json
from types import ModuleType

import click
import pytest

from meshdev.chaos import markup, samples, schedule, words
from meshdev.cli.chaos import run
from meshdev.topology import file_experiments
from support_cli import Cli

TOPOLOGY = """
[services.front]
command = "true"
[faults.slow]
edge = "outside -> front"
latency = "1s"
[experiments.slow-front]
hypothesis = "it is borne"
steady_state = { edge = "outside -> front", route = "GET /", errors = "< 1%", p99 = "< 500ms", rps = "> 2" }
timeline = [{ fault = "slow", for = "5s" }, { at = "2s", restart = "front" }]
load = { to = "front", rate = "5..20", ramp = "10s", requests = ["/", "POST /pay"] }
[experiments.probes]
steady_state = [{ http = "http://127.0.0.1:1/", status = 204, contains = "ok" }, { exec = ["true"], contains = "x" }]
timeline = { kill = "front" }
load = { command = "hey -z 10s" }
"""


@pytest.mark.parametrize("module", [schedule, samples, words, markup, file_experiments])
def test_the_documented_examples_are_true(module: ModuleType) -> None:
    """What docstrings show."""
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


def test_list(cli: Cli) -> None:
    """Hypothesis, steady state, load and timeline, and about how long it takes."""
    cli.project.file.write_text(TOPOLOGY)
    assert click.unstyle(cli("chaos", "list").out).splitlines() == [
        "slow-front  about 21s",
        "  it is borne",
        "    steady  outside -> front GET /: errors ≤ 1 %, p99 ≤ 500ms, rps ≥ 2",
        "    load    5..20/s to front: GET /, POST /pay",
        "    then    at 0s slow for 5s",
        "    then    at 2s restart front",
        "probes  about 19s",
        "    steady  http://127.0.0.1:1/ answers 204 with 'ok'",
        "    steady  true ends with 0, says 'x'",
        "    load    hey -z 10s",
        "    then    at 0s kill front",
    ]
    assert [view["name"] for view in json.loads(cli("chaos", "list", "--json").out)] == [
        "slow-front",
        "probes",
    ]


def test_what_is_refused(cli: Cli) -> None:
    """An unknown experiment with the nearest one, a system that does not run, a file with a mistake."""
    cli.project.file.write_text(TOPOLOGY)
    unknown = cli("chaos", "run", "slow-frnt")
    assert (unknown.code, "'slow-front'" in unknown.err) == (2, True)
    assert cli("chaos", "run", "slow-front").code == 3
    assert cli("chaos", "explore").code == 3
    cli.project.file.write_text(TOPOLOGY.replace('fault = "slow"', 'fault = "slwo"'))
    wrong = cli("chaos", "run", "slow-front")
    assert (wrong.code, 'there is no fault "slwo"' in wrong.err) == (2, True)


def test_names_are_completed(cli: Cli) -> None:
    """From the file."""
    cli.project.file.write_text(TOPOLOGY)
    context = click.Context(run)
    assert [item.value for item in run.params[0].shell_complete(context, "s")] == ["slow-front"]
