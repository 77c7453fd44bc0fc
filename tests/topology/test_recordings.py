"""``stub`` and ``[recording]``: what they mean, and what is refused with its place."""

import json
import math
from pathlib import Path

import pytest

from meshdev.errors import TopologyError
from meshdev.topology.diff import Action, diff
from meshdev.topology.library import recorded_at, recordings_in
from meshdev.topology.lint import lint
from meshdev.topology.model import Endpoint, Healthcheck, ProbeKind, ReloadStrategy, System
from meshdev.topology.recordings import AfterEnd, OnMiss, RecordingRules, RedactRules, Stub, speed_of
from meshdev.topology.render import as_json
from support_topology import PATH, loaded, write

DAY = 86_400.0


def recorded(folder: Path, name: str, *, ended: float | None = None, created: float = 0.0) -> None:
    """A recording, as far as the topology looks at it."""
    head = {"name": name, "created": created, "ended": ended}
    write(folder, json.dumps(head), f".meshdev/recordings/{name}/recording.json")


@pytest.mark.parametrize(
    ("written", "stub"),
    [
        ('recording = "checkout"', Stub(("checkout",))),
        ('recording = ["base", "checkout-2.1"]', Stub(("base", "checkout-2.1"))),
        (
            'recording = "c", on_miss = "pass", url = "http://far.example/x"',
            Stub(("c",), OnMiss.PASS, url="http://far.example/x"),
        ),
        (
            'recording = "c", on_miss = "record", url = "${FAR}"',
            Stub(("c",), OnMiss.RECORD, url="https://far.example"),
        ),
        (
            'recording = "c", timing = "x2", after_end = "cycle", max_age = "30d"',
            Stub(("c",), timing="x2", after_end=AfterEnd.CYCLE, max_age=30 * DAY),
        ),
    ],
)
def test_a_stub(written: str, stub: Stub, tmp_path: Path) -> None:
    """Every key of the table, with its default."""
    write(tmp_path, "FAR=https://far.example\n", ".env")
    assert stub == loaded(tmp_path, f"[services.a]\nstub = {{ {written} }}\n").services["a"].run


@pytest.mark.parametrize(
    ("stub", "problem"),
    [
        ("{}", 'a.stub: says nothing to play, accepted: recording\n  stub = { recording = "checkout" }'),
        ('"checkout"', 'a.stub: found "checkout" (string), accepted: a table'),
        ('{ recordng = "c" }', 'a.stub: unknown key "recordng"\n  did you mean "recording"?'),
        (
            '{ recording = "a/b" }',
            (
                'a.stub.recording: found "a/b" (string), accepted: names of recordings: up to 100 of a to z, 0 to 9, -,'
                " _ and ."
            ),
        ),
        (
            "{ recording = [] }",
            (
                "a.stub.recording: found an array, accepted: the name of a recording, or an array such as"
                ' ["base", "checkout"]'
            ),
        ),
        (
            '{ recording = "c", on_miss = "paas" }',
            'a.stub.on_miss: found "paas" (string), accepted: "fail" | "pass" | "record"\n  did you mean "pass"?',
        ),
        (
            '{ recording = "c", on_miss = "pass" }',
            'a.stub.on_miss: "pass" needs url: where the real one is\n  url = "https://staging.example/payments"',
        ),
        (
            '{ recording = "c", url = "far:80" }',
            'a.stub.url: found "far:80" (string), accepted: an http:// or https:// URL',
        ),
        (
            '{ recording = "c", timing = "x0" }',
            'a.stub.timing: found "x0" (string), accepted: "fast" | "recorded" | "x2" (twice as fast; any factor)',
        ),
        (
            '{ recording = "c", after_end = "stop" }',
            'a.stub.after_end: found "stop" (string), accepted: "last" | "cycle" | "fail"',
        ),
        (
            '{ recording = "c", latency = "1s" }',
            (
                'a.stub.latency: found "1s" (string), accepted: nothing yet: it comes later, with simulation;'
                " now: recording"
            ),
        ),
        (
            '{ recording = "c" }\nprotocol = "postgres"',
            "a.stub: cannot be played out of a recording: it speaks postgres, and only HTTP and gRPC can be played",
        ),
        (
            '{ recording = "c" }\none_shot = true',
            "a.stub: cannot be played out of a recording: it runs once and ends",
        ),
        (
            '{ recording = "c" }\nendpoints = {}',
            "a.stub: cannot be played out of a recording: it listens on nothing",
        ),
    ],
)
def test_stubs_that_are_refused(stub: str, problem: str, tmp_path: Path) -> None:
    """The place, what was found, and what would have been right; keys of later versions are told by name."""
    with pytest.raises(TopologyError) as raised:
        loaded(tmp_path, f"[services.a]\nstub = {stub}\n")
    assert [f"meshdev.toml:2: services.{problem}"] == [str(one) for one in raised.value.problems]


def test_a_stand_in_needs_nobody_and_is_one(tmp_path: Path) -> None:
    """It waits for nobody, watches nothing, is probed by its port only, whatever the service itself asks for."""
    text = """
        [services.a]
        command = "true"
        healthcheck = "/healthz"
        depends_on = ["b"]
        watch = "**/*.py"
        replicas = 3
        reload = "replace"
        [services.b]
        command = "true"
        [profiles.played.services.a]
        stub = { recording = "c" }
        """
    node = loaded(tmp_path, text, profiles=("played",)).services["a"]
    assert Stub(("c",)) == node.run
    assert Healthcheck(ProbeKind.TCP, "http", "http", implied=True) == node.healthcheck
    assert (node.depends_on, node.watch, node.replicas, node.reload) == ((), (), 1, ReloadStrategy.ROLLING)


def test_a_stand_in_insists_on_no_port(tmp_path: Path) -> None:
    """So that it can be there while the service itself is; callers by name go on with the port that they know."""
    node = loaded(tmp_path, '[services.a]\nport = 9000\nstub = { recording = "c" }\n').services["a"]
    assert (Endpoint("http", known_as=9000),) == node.endpoints


def test_speeds() -> None:
    """Fast is without any wait; a factor divides what was recorded."""
    assert [math.inf, 1.0, 2.0, 0.5] == [speed_of(text) for text in ("fast", "recorded", "x2", "x0.5")]
    assert Stub((), timing="x4").speed == 4.0


@pytest.mark.parametrize("text", ["", "x", "x-1", "xinf", "xnan", "2", "slow"])
def test_speeds_that_are_none(text: str) -> None:
    """Nothing else is a speed."""
    with pytest.raises(ValueError, match="no speed"):
        speed_of(text)


def test_recording_rules(tmp_path: Path) -> None:
    """Every key of the table; the folder is absolute, patterns are taken as they are."""
    text = """
        [recording]
        dir = "recordings"
        max_age = "14d"
        keep = "4MB"
        body_cap = "1MB"
        redact = { headers = ["x-tenant"], fields = "pin", patterns = ["^sk_[a-z]{20}$"], keep = ["token_type"] }
        """
    rules = RecordingRules(
        tmp_path / "recordings",
        RedactRules(("x-tenant",), ("pin",), ("^sk_[a-z]{20}$",), ("token_type",)),
        14 * DAY,
        4 << 20,
        1 << 20,
    )
    assert rules == loaded(tmp_path, text).recording


def test_recording_rules_by_default(tmp_path: Path) -> None:
    """Two megabytes of each edge, ten of a body, beside the rest of what meshdev keeps."""
    rules = loaded(tmp_path, '[services.a]\ncommand = "true"\n').recording
    assert RecordingRules(tmp_path / ".meshdev/recordings", keep=2 << 20, body_cap=10 << 20) == rules


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ('kep = "2MB"', 'recording: unknown key "kep"\n  did you mean "keep"?'),
        (
            'redact = { patterns = ["("] }',
            (
                "recording.redact.patterns: found an array, accepted: regular expressions; '(' is none: missing ),"
                " unterminated subpattern at position 0"
            ),
        ),
        (
            "redact = { patterns = [1] }",
            (
                "recording.redact.patterns: found an array, accepted: an array of regular expressions such as"
                ' ["sk_[a-z0-9]{20}"]'
            ),
        ),
        (
            'redact = { header = ["a"] }',
            'recording.redact: unknown key "header"\n  did you mean "headers"?',
        ),
    ],
)
def test_recording_rules_that_are_refused(written: str, problem: str, tmp_path: Path) -> None:
    """With their place and the nearest name."""
    with pytest.raises(TopologyError) as raised:
        loaded(tmp_path, f'[recording]\n{written}\n[services.a]\ncommand = "true"\n')
    assert [f"meshdev.toml:2: {problem}"] == [str(one) for one in raised.value.problems]


def findings(system: System, now: float = 0.0) -> list[str]:
    """What `check` says."""
    return [str(finding) for finding in lint(system, environ=PATH, now=now)]


def test_check_misses_a_recording(tmp_path: Path) -> None:
    """A stand-in without its recording cannot start: an error, with the nearest name."""
    recorded(tmp_path, "checkout")
    system = loaded(tmp_path, '[services.a]\nstub = { recording = "chekout" }\n')
    said = 'a is to be played by the recording "chekout", which is not there [no-recording]'
    assert [f'meshdev.toml:1: error: {said}\n  did you mean "checkout"?'] == findings(system)


def test_check_lets_a_recording_be_made(tmp_path: Path) -> None:
    """What misses are recorded into need not be there."""
    text = '[services.a]\nstub = { recording = "new", on_miss = "record", url = "http://far.example" }\n'
    assert findings(loaded(tmp_path, text)) == []


def test_check_finds_a_stale_recording(tmp_path: Path) -> None:
    """Older than the stub's ``max_age``, or else than the system's."""
    recorded(tmp_path, "r", created=10 * DAY)
    said = 'a is played by the recording "r", which is 21 days old [stale-recording]'
    hint = "max_age is {}; `meshdev record verify r` tells whether it still holds"
    stale = f"meshdev.toml:1: warning: {said}\n  {hint}"
    stub = '[services.a]\nstub = { recording = "r"'
    own = loaded(tmp_path, f'{stub}, max_age = "1d" }}\n')
    assert [stale.format("1 day")] == findings(own, 31 * DAY)
    assert findings(own, 10.9 * DAY) == []
    general = loaded(tmp_path, f'{stub} }}\n[recording]\nmax_age = "2d"\n')
    assert [stale.format("2 days")] == findings(general, 31 * DAY)
    wider = loaded(tmp_path, f'{stub}, max_age = "30d" }}\n[recording]\nmax_age = "2d"\n')
    assert findings(wider, 31 * DAY) == []


def test_the_library_at_a_glance(tmp_path: Path) -> None:
    """Folders with a head are recordings; damaged heads tell no age."""
    folder = tmp_path / ".meshdev/recordings"
    assert recordings_in(folder) == []
    recorded(tmp_path, "b", created=3.0, ended=5.0)
    recorded(tmp_path, "a")
    write(tmp_path, "{", ".meshdev/recordings/torn/recording.json")
    write(tmp_path, "", ".meshdev/recordings/none/other.json")
    assert recordings_in(folder) == ["a", "b", "torn"]
    assert [recorded_at(folder, name) for name in ("a", "b", "torn", "none")] == [None, 5.0, None, None]


def test_a_changed_stub_is_told(tmp_path: Path) -> None:
    """A stand-in that plays something else is a new one."""
    before = loaded(tmp_path, '[services.a]\nstub = { recording = "r" }\n')
    after = loaded(tmp_path, '[services.a]\nstub = { recording = "s" }\n')
    process = loaded(tmp_path, '[services.a]\ncommand = "true"\n')
    assert [(one.action, one.reason) for one in diff(before, after)] == [(Action.RESTART, "stub")]
    reasons = diff(process, after)[0].reason
    assert "the way it runs" in reasons


def test_rendered(tmp_path: Path) -> None:
    """The graph tells who is played."""
    system = loaded(tmp_path, '[services.a]\nstub = { recording = "r" }\n')
    assert json.loads(as_json(system))["nodes"][0]["runs"] == "stub"
