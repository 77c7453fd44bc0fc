"""``[experiments.NAME]``: what it means, and what is told about mistakes."""

from pathlib import Path

import pytest

from meshdev.errors import TopologyError
from meshdev.topology.experiment import (
    Action,
    ExecCheck,
    Experiment,
    HttpCheck,
    Load,
    LoadRequest,
    SignalCheck,
)
from meshdev.topology.load import load

SYSTEM = """
[services.front]
command = "true"
calls = ["back"]
[services.back]
command = "true"
[faults.slow]
edge = "front -> back"
latency = "1s"
"""


def read(folder: Path, text: str) -> Experiment:
    """The experiment ``x`` of a system of two."""
    (folder / "meshdev.toml").write_text(SYSTEM + text, "utf-8")
    return load(folder / "meshdev.toml", environ={"PATH": "/usr/bin:/bin"}).experiments["x"]


def test_all_that_can_be_said(tmp_path: Path) -> None:
    """Every key, in its long and its short form."""
    found = read(
        tmp_path,
        """
[experiments.x]
hypothesis = "front bears it"
baseline = "2s"
warm_up = "500ms"
recovery = "4s"
window = "3s"
may_break = true
steady_state = [
  { edge = "outside -> front", route = "POST /pay", errors = "< 1%", p99 = "< 500ms", rps = "> 5", tolerance = "10%" },
  { http = "http://127.0.0.1:1/", status = [200, 204], contains = "ok", timeout = "1s", every = "2s" },
  { exec = ["true"], code = 1 },
]
load = { to = "front", rate = "5..50", ramp = "10s", requests = ["/", "POST /pay", { path = "/x", weight = 3 }] }
timeline = [
  { at = "3s", restart = "back" },
  { at = "1s", fault = "slow", for = "4s" },
  { fault = { edge = "front -> back", status = 503 } },
  { at = "2s", kill = "back" },
  { at = "2s", pause = "back", for = "1s" },
  { at = "2s", exec = "echo hi" },
]
""",
    )
    assert found.steady_state == (
        SignalCheck("outside", "front", "POST /pay", errors=0.01, p99=0.5, rps=5.0, tolerance=0.1),
        HttpCheck("http://127.0.0.1:1/", (200, 204), "ok", timeout=1.0, every=2.0),
        ExecCheck(("true",), 1),
    )
    assert found.load == Load(
        to="front",
        rate=5.0,
        rate_end=50.0,
        ramp=10.0,
        requests=(LoadRequest(), LoadRequest("POST", "/pay"), LoadRequest(path="/x", weight=3)),
    )
    assert found.timeline == (
        Action(0.0, "status at front -> back", table={"edge": "front -> back", "status": 503}),
        Action(1.0, "slow", 4.0, fault="slow"),
        Action(2.0, "kill back", table={"service": "back", "kill": True}),
        Action(2.0, "pause back", 1.0, table={"service": "back", "pause": True}),
        Action(2.0, "exec echo hi", command="echo hi"),
        Action(3.0, "restart back", restart="back"),
    )
    assert (found.baseline, found.warm_up, found.recovery, found.window) == (2.0, 0.5, 4.0, 3.0)
    assert found.may_break
    assert found.duration == 13.0  # a restart at 3 s is watched for ten more


GOOD = """
[experiments.x]
steady_state = { edge = "outside -> front", errors = "1%" }
timeline = { fault = "slow", for = "5s" }
"""


def test_addresses_may_have_variables(tmp_path: Path) -> None:
    """Of checks and of the load; commands and bodies stay as they are."""
    found = read(
        tmp_path,
        """
[experiments.x]
steady_state = [{ http = "http://127.0.0.1:${FRONT:-8080}/" }, { exec = "test $FRONT" }]
timeline = { fault = "slow" }
load = { url = "http://127.0.0.1:${FRONT:-8080}", rate = 1, requests = ["/${x}"] }
""",
    )
    assert found.steady_state == (HttpCheck("http://127.0.0.1:8080/"), ExecCheck("test $FRONT"))
    assert found.load is not None
    assert (found.load.url, found.load.requests[0].path) == ("http://127.0.0.1:8080", "/${x}")


def test_one_table_stands_for_an_array(tmp_path: Path) -> None:
    """The smallest experiment."""
    found = read(tmp_path, GOOD)
    assert (found.duration, len(found.steady_state), len(found.timeline)) == (5.0, 1, 1)
    assert found.load is None


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ('fault = "slow"', 'fault = "slwo"', 13, 'experiments.x.timeline.fault: there is no fault "slwo"'),
        ('fault = "slow"', 'fault = { edge = "front -> back" }', 13, "names no fault"),
        ('fault = "slow"', 'kill = "bakc"', 13, 'there is no service "bakc"'),
        ('fault = "slow"', 'fault = "slow", kill = "back"', 13, "needs exactly one of fault, kill"),
        ('for = "5s"', 'fro = "5s"', 13, 'unknown key "fro"'),
        ('"outside -> front"', '"outside -> frnt"', 12, 'there is no service "frnt"'),
        ('"outside -> front"', '"front"', 12, "accepted: an edge"),
        (', errors = "1%"', "", 12, "says nothing of its signals"),
        ('errors = "1%"', 'errors = "often"', 12, "or a share from 0 to 1"),
        ('errors = "1%"', 'p99 = "1"', 12, "steady_state.p99"),
        ('edge = "outside -> front", errors = "1%"', 'http = "front"', 12, "accepted: an address"),
        (
            'edge = "outside -> front", errors = "1%"',
            'http = "http://x", exec = "y"',
            12,
            "needs exactly one of edge",
        ),
        ("steady_state", "# steady_state", 11, "does not say what should hold"),
        ("timeline", "# timeline", 11, "does nothing"),
        ("timeline", "load = { rate = 5 }\ntimeline", 13, "needs exactly one of to, url, command"),
        ("timeline", 'load = { to = "nobody" }\ntimeline', 13, 'there is no service "nobody"'),
        ("timeline", 'load = { to = "front", rate = "1..9" }\ntimeline', 13, "but in which time?"),
        ("timeline", 'load = { to = "front", rate = 0 }\ntimeline', 13, "requests a second such as 20"),
        ("timeline", 'load = { to = "front", requests = ["x"] }\ntimeline', 13, "one that begins with /"),
        ("timeline", 'load = { url = "ftp://x" }\ntimeline', 13, "an http:// address"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, old: str, new: str, line: int, told: str) -> None:
    """File, line, path, and what would have been right."""
    assert old in GOOD
    with pytest.raises(TopologyError) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    problems = [str(problem) for problem in caught.value.problems]
    assert any(told in problem and problem.startswith(f"meshdev.toml:{line}:") for problem in problems), (
        problems
    )
