"""Who plays a service: what may be asked for, and what stays of it over another file."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from meshdev.daemon.stand_ins import stand_in_argv
from meshdev.daemon.swaps import Played, Swaps, stand_in
from meshdev.errors import UsageError
from meshdev.standin.role import read
from meshdev.topology.container import Container
from meshdev.topology.model import Process, Remote, Service, System
from meshdev.topology.recordings import OnMiss, Stub
from meshdev.topology.variants import variant
from meshdev.wire.swap import SwapRequest
from support_system import system

TOML = """
[recording]
redact = { headers = ["x-tenant"] }
body_cap = "1MB"
[services.orders]
command = "true"
healthcheck = "/healthz"
replicas = 2
endpoints = { http = {}, admin = { protocol = "http" } }
[services.payments]
stub = { recording = "base", timing = "x2" }
[services.far]
url = "https://user:secret@far.example/v1"
[services.worker]
command = "true"
protocol = "none"
[databases.books]
command = "true"
protocol = "postgres"
"""


@pytest.fixture
def file(tmp_path: Path) -> System:
    """The system as its file says, and two recordings."""
    for name in ("base", "checkout"):
        folder = tmp_path / ".meshdev" / "recordings" / name
        folder.mkdir(parents=True)
        (folder / "recording.json").write_text(json.dumps({"name": name}))
    return system(tmp_path, TOML)


def ask(file: System, service: str, target: str, **more: str) -> Played | None:
    """What is meant."""
    return swaps().ask(file, service, SwapRequest(target=target, **more))


def swaps(say: Callable[[str, str], None] = lambda *_: None) -> Swaps:
    """Nothing is swapped yet; other ways to run are looked up in the file."""
    return Swaps(say, partial(variant, environ={}))


@pytest.mark.parametrize(
    ("service", "target", "more", "meant"),
    [
        ("orders", "process", {}, None),
        ("payments", "file", {}, None),
        ("orders", "recording:checkout", {}, Stub(("checkout",))),
        (
            "orders",
            "recording:base, checkout",
            {"timing": "recorded"},
            Stub(("base", "checkout"), timing="recorded"),
        ),
        ("orders", "url:http://localhost:8000/x", {}, Remote("http://localhost:8000/x")),
        (
            "orders",
            "recording:new",
            {"on_miss": "record", "url": "http://y"},
            Stub(("new",), OnMiss.RECORD, url="http://y"),
        ),
        ("payments", "stub", {}, Stub(("base",), timing="x2")),
        ("payments", "recording:checkout", {}, Stub(("checkout",), timing="x2")),
        ("payments", "recording:checkout", {"timing": "fast"}, Stub(("checkout",))),
        (
            "far",
            "recording:checkout",
            {"on_miss": "pass"},
            Stub(("checkout",), OnMiss.PASS, url="https://user:secret@far.example/v1"),
        ),
    ],
)
def test_what_is_meant(
    file: System, service: str, target: str, more: dict[str, str], meant: Stub | Remote | None
) -> None:
    """Over what the file says of the service's stub, or of where it runs."""
    assert ask(file, service, target, **more) == meant


@pytest.mark.parametrize(
    ("service", "target", "more", "message", "hint"),
    [
        (
            "orders",
            "recording:chekout",
            {},
            "there is no recording called chekout",
            'did you mean "checkout"?',
        ),
        ("orders", "recording:zzz", {}, "there is no recording called zzz", "recordings: base, checkout"),
        ("orders", "recording:", {}, "no recording is named", "recordings: base, checkout"),
        (
            "orders",
            "recording:a/b",
            {"on_miss": "record", "url": "http://y"},
            "there is no recording called a/b",
            "",
        ),
        (
            "orders",
            "stub",
            {},
            "the file has no stub for orders (in the profiles that are active)",
            "--with recording",
        ),
        (
            "orders",
            "recording:base",
            {"timing": "slow"},
            "found timing 'slow'; accepted: fast, recorded, x2",
            "",
        ),
        (
            "orders",
            "recording:base",
            {"on_miss": "maybe"},
            "found on-miss 'maybe'; accepted: fail, pass, record",
            "",
        ),
        (
            "orders",
            "recording:base",
            {"on_miss": "pass"},
            "on-miss pass needs to know where the real one is",
            "--url",
        ),
        ("orders", "recording:base", {"url": "far"}, "found 'far'; accepted: an http:// or https:// URL", ""),
        ("orders", "url:ftp://x", {}, "found 'ftp://x'; accepted: an http:// or https:// URL", ""),
        ("orders", "container", {}, "no profile of the file runs orders as a container", "image or a build"),
        ("payments", "process", {}, "no profile of the file runs payments as a process", "a command"),
        ("orders", "else", {}, "found 'else' for whom to play orders", "accepted: recording:NAME"),
        ("worker", "recording:base", {}, "worker cannot be played: it listens on nothing", ""),
        ("databases.books", "url:http://x", {}, "databases.books cannot be played: it speaks postgres", ""),
    ],
)
def test_what_cannot_be(
    file: System, service: str, target: str, more: dict[str, str], message: str, hint: str
) -> None:
    """It is said what was found, and what there is."""
    with pytest.raises(UsageError) as refused:
        ask(file, service, target, **more)
    assert refused.value.message.startswith(message)
    assert hint in refused.value.hint


def test_swaps_lie_over_the_file(file: System, tmp_path: Path) -> None:
    """The service keeps its name, endpoints and callers; another file keeps the swap, as far as it has the service."""
    said: list[tuple[str, str]] = []
    on = swaps(lambda *it: said.append(it))
    assert on.over(file) is file
    on.put("orders", Stub(("checkout",)))
    on.put("payments", Remote("http://me:pw@x/y"))
    over = on.over(file)
    orders = over.services["orders"]
    assert (orders.run, orders.replicas, orders.endpoints) == (
        Stub(("checkout",)),
        1,
        file.services["orders"].endpoints,
    )
    assert [on.shown(over.services[name]) for name in ("orders", "payments", "far", "worker")] == [
        "recording:checkout",
        "url:http://x/y",
        "",
        "",
    ]
    assert on.is_on("orders")

    (tmp_path / "other").mkdir()
    other = system(tmp_path / "other", '[services.orders]\ncommand = "true"\nprotocol = "none"\n')
    assert on.over(other).services["orders"].run == other.services["orders"].run
    assert said == [("orders", "is no longer played by recording:checkout: it listens on nothing")]
    assert not on.is_on("payments")


def test_a_service_in_another_way(tmp_path: Path) -> None:
    """In a container and back; it stays so over another file as far as that has the way, and as that has it."""
    boxed = '[profiles.boxed.services.orders]\nimage = "{image}"\n'
    said: list[tuple[str, str]] = []
    on = swaps(lambda *it: said.append(it))
    first = system(tmp_path, TOML + boxed.format(image="one"))
    run = on.ask(first, "orders", SwapRequest(target="container"))
    assert isinstance(run, Service)
    on.put("orders", run)
    orders = on.over(first).services["orders"]
    assert isinstance(orders.run, Container)
    assert (orders.run.image, orders.replicas, on.shown(orders)) == ("one", 2, "container")

    second = system(tmp_path, TOML + boxed.format(image="two"))
    on.take(on.reread(second))
    again = on.over(second).services["orders"].run
    assert isinstance(again, Container)
    assert again.image == "two"

    third = system(tmp_path, TOML)
    on.take(on.reread(third))
    assert isinstance(on.over(third).services["orders"].run, Process)
    assert said == [
        ("orders", "no longer runs as a container: no profile of the file runs orders as a container")
    ]


def test_who_played_before_is_told() -> None:
    """So that a swap that fails can be taken back."""
    on = swaps()
    first, second = Stub(("a",)), Remote("http://b")
    assert [on.put("x", run) for run in (first, second, None)] == [None, first, second]


def test_the_command_of_a_stand_in(file: System) -> None:
    """Everything that it needs to know is in one argument."""
    stub = Stub(("base", "checkout"), OnMiss.PASS, timing="x2", url="http://me:pw@y/z")
    argv = stand_in_argv(file, file.services["orders"], stub)
    role = read(argv[-1])
    assert argv[1:-1] == ("-P", "-m", "meshdev.standin")
    assert role.ports == {"http": "PORT", "admin": "PORT_ADMIN"}
    assert (role.service, role.recordings, role.on_miss) == ("orders", ("base", "checkout"), OnMiss.PASS)
    assert role.url == "http://y/z"
    assert (role.headers, role.body_cap) == (("x-tenant",), 1 << 20)
    assert role.folder == str(file.root / ".meshdev" / "recordings")
    assert stand_in(stub) == "recording:base,checkout"
