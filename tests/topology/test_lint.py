"""What is allowed but probably not meant."""

from pathlib import Path

import pytest

from meshdev.topology.lint import lint
from support_topology import PATH, loaded, write


def findings(folder: Path, text: str, *, deepest: int = 5) -> list[str]:
    """The first lines of the findings, without those about healthchecks."""
    found = lint(loaded(folder, text), environ=PATH, deepest=deepest)
    return [str(finding).split("\n")[0] for finding in found if finding.code != "no-healthcheck"]


def services(*keys: str) -> str:
    """Services named a, b, c …, each with one more line."""
    return "".join(
        f'[services.{name}]\ncommand = "true"\n{key}\n' for name, key in zip("abcdefg", keys, strict=False)
    )


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("no-such-program -x", "no-such-program"),
        ("no-such-program --port $PORT", "no-such-program"),
        ("./run.sh", "./run.sh"),
        ("~/no/such/program", "~/no/such/program"),
    ],
)
def test_command_not_found(command: str, program: str, tmp_path: Path) -> None:
    """A program that isn't there is an error of `check`, and names what was looked for."""
    said = f"meshdev.toml:1: error: a: there is no program '{program}' [command-not-found]"
    assert findings(tmp_path, f'[services.a]\ncommand = "{command}"\n') == [said]


@pytest.mark.parametrize(
    "command",
    ["true", "$PROGRAM x", "cd / && no-such", "X=1 no-such", "bin/mine", "mine -p $PORT", "exec mine"],
)
def test_command_found_or_left_to_the_shell(command: str, tmp_path: Path) -> None:
    """Programs on PATH, on system.path and in the folder are found; what a shell decides isn't judged."""
    program = write(tmp_path, "#!/bin/sh\n", "bin/mine")
    program.chmod(0o755)
    assert findings(tmp_path, f'[system]\npath = ["bin"]\n[services.a]\ncommand = "{command}"\n') == []


def test_databases(tmp_path: Path) -> None:
    """A shared database is told, and so is one that belongs to another."""
    uses = 'uses = ["databases.d"]'
    assert findings(tmp_path, services(uses, uses) + "[databases.d]\n") == [
        "meshdev.toml:7: warning: databases.d is shared by a, b [shared-database]"
    ]
    assert findings(tmp_path, services(uses, uses) + '[databases.d]\nowner = "a"\n') == [
        "meshdev.toml:4: warning: b uses databases.d, which belongs to a [foreign-database]"
    ]
    assert findings(tmp_path, services(uses, "") + '[databases.d]\nowner = "a"\n') == []
    assert findings(tmp_path, services(uses, "") + '[databases.d]\nowner = "a"\nexclusive = true\n') == [
        "meshdev.toml:7: warning: databases.d is a file: exclusive keeps nobody out of it [exclusive-file]"
    ]
    own = '[databases.d]\nowner = "a"\nexclusive = true\nengine = "postgres"\ncommand = "true"\n'
    assert findings(tmp_path, services(uses, uses) + own)[0] == (
        "meshdev.toml:4: warning: b uses databases.d, which belongs to a, and is kept out: it is exclusive "
        "[foreign-database]"
    )


def test_calls(tmp_path: Path) -> None:
    """Circles of calls and long chains of them."""
    circle = services('calls = ["b"]', 'calls = ["c"]', 'calls = ["a"]')
    assert findings(tmp_path, circle) == [
        "meshdev.toml:1: warning: services call each other in a circle: a -> b -> c -> a [call-cycle]"
    ]
    long = services('calls = ["b"]', 'calls = ["c"]', "")
    assert findings(tmp_path, long) == []
    assert findings(tmp_path, long, deepest=2) == [
        "meshdev.toml:1: warning: a chain of 3 services call each other: a -> b -> c [deep-chain]"
    ]


def test_health(tmp_path: Path) -> None:
    """Who listens should be asked; who is waited for must be."""
    found = lint(loaded(tmp_path, services("", 'healthcheck = "/"', 'protocol = "none"')), environ=PATH)
    assert [finding.message.split()[0] for finding in found] == ["a"]
    assert findings(tmp_path, services('depends_on = { b = "healthy" }', 'protocol = "none"')) == [
        "meshdev.toml:3: warning: a waits for b to be healthy, but nothing asks for its health [nothing-probed]"
    ]


def test_what_is_in_order(tmp_path: Path) -> None:
    """Containers are not looked for on PATH; asked health, and one user of a database, need no word."""
    text = """
        [services.a]
        image = "x"
        uses = ["databases.d"]
        depends_on = { b = "healthy" }
        calls = { b = { timeout = "1s" } }
        [services.b]
        command = "true"
        healthcheck = "/"
        [databases.d]
        """
    assert lint(loaded(tmp_path, text), environ=PATH) == ()


def test_retries(tmp_path: Path) -> None:
    """A retry without a timeout waits as long as the callee likes."""
    text = services('calls = { b = { retries = 2 }, c = { retries = 2, timeout = "1s" } }', "", "")
    assert findings(tmp_path, text) == [
        "meshdev.toml:1: warning: a -> b is retried without a timeout [retries-without-timeout]"
    ]


def test_rules_without_http(tmp_path: Path) -> None:
    """On an edge that is not read as HTTP most rules do nothing; being closed is the exception."""
    text = services(
        'calls = { b = { timeout = "1s", slow_start = "1s" }, c = { timeout = "1s" }, d = { allow = false } }',
        'protocol = "grpc"',
        "endpoints = { http = {}, rpc = { protocol = 'grpc' } }",
        'protocol = "tcp"',
    )
    assert findings(tmp_path, text) == [
        "meshdev.toml:1: warning: a -> b: timeout, slow_start need HTTP, and b speaks grpc [rules-without-http]"
    ]


def test_nothing_to_run(tmp_path: Path) -> None:
    """A file without services, or with none left, says so."""
    assert findings(tmp_path, "") == ["meshdev.toml: warning: there is nothing to run [nothing-to-run]"]
    assert findings(tmp_path, services('profiles = ["x"]')) == [
        "meshdev.toml: warning: there is nothing to run (left out: a) [nothing-to-run]"
    ]


def test_warnings_of_the_load_are_findings(tmp_path: Path) -> None:
    """An edge that the profiles leave out is told here too."""
    assert findings(tmp_path, services('calls = ["b"]', 'profiles = ["x"]')) == [
        'meshdev.toml:3: warning: services.a.calls: "b" is left out (profiles: x) [left-out]'
    ]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('engine = "valky"', ['d: the engine "valky" is not known, so neither is what it speaks']),
        ('engine = "valkey"', []),
        ('engine = "oracle"\nprotocol = "postgres"', []),
    ],
)
def test_engines_that_are_not_known(keys: str, said: list[str], tmp_path: Path) -> None:
    """A slip of the pen would cost all that is read; who says the protocol means it so."""
    found = findings(tmp_path, f'[databases.d]\ncommand = "true"\n{keys}\n')
    assert found == [f"meshdev.toml:1: warning: databases.{one} [unknown-engine]" for one in said]


def test_tls_for_a_callee_that_speaks_none(tmp_path: Path) -> None:
    """A mode that cannot be had is told; a terminated edge to a plain callee is one."""
    calls = 'calls = { b = { tls = "originate" }, c = { tls = "terminate" } }'
    assert findings(tmp_path, services(calls, "", "")) == [
        'meshdev.toml:1: warning: a -> b: tls = "originate" does nothing, since b speaks no TLS [tls-for-nobody]'
    ]
    assert findings(tmp_path, services(calls, 'tls = "terminate"', "")) == []
