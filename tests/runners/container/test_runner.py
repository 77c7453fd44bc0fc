"""The container runner against a real engine."""

import asyncio
import io
import socket
import tarfile
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshdev.lifecycle.model import Exited, Gone, Launched, LaunchFailed
from meshdev.runners.container.images import Telling, build_image
from meshdev.runners.container.starting import Archive
from meshdev.runners.container.trouble import EngineError
from meshdev.topology.container import Container, EngineHealthcheck, ImageBuild, Mount, MountKind
from meshdev.topology.model import Limits
from support_containers import Yard
from support_containers import yard as yard_
from support_docker import BASE

if TYPE_CHECKING:
    from docker import APIClient

pytestmark = pytest.mark.docker

FOREVER = ("sh", "-c", "trap 'echo asked; exit 5' TERM; echo up; while :; do sleep 0.1; done")


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    """A runner with nothing in it."""
    async with yard_() as found:
        yield found


async def test_from_launch_to_gone(yard: Yard) -> None:
    """It runs, says something, hears its signal, ends with its own code, and is removed."""
    ref = yard.launch(*FOREVER)
    launched = await yard.fact(Launched, ref)
    assert launched.pid > 1
    await yard.until(lambda: yard.said(ref) == b"up\n")
    yard.runner.signal(ref, "SIGTERM")
    assert (await yard.over(ref)).code == 5
    assert yard.said(ref) == b"up\nasked\n"
    assert await yard.containers() == []
    assert not yard.runner.knows(ref)


async def test_streams_stay_two(yard: Yard) -> None:
    """And the last line comes before the news of the end, with or without its newline."""
    ref = yard.launch("sh", "-c", "echo out; echo err >&2; printf end")
    assert (await yard.over(ref)).code == 0
    assert (yard.said(ref), yard.said(ref, "stderr")) == (b"out\nend", b"err\n")
    assert yard.heard[ref, "stdout"].ended


async def test_nothing_of_a_flood_is_lost(yard: Yard) -> None:
    """Every line of many, also of those longer than the engine's own records."""
    ref = yard.launch("sh", "-c", "seq 1 20000; head -c 100000 /dev/zero | tr '\\0' x; echo")
    await yard.over(ref)
    lines = yard.said(ref).split(b"\n")
    assert lines[:20000] == [b"%d" % number for number in range(1, 20001)]
    assert lines[20000:] == [b"x" * 100000, b""]


async def test_a_terminal_has_one_stream(yard: Yard) -> None:
    """Lines without frames."""
    ref = yard.launch("sh", "-c", "test -t 1 && echo yes; echo err >&2", container=Container(tty=True))
    await yard.over(ref)
    assert yard.said(ref).replace(b"\r", b"") == b"yes\nerr\n"


async def test_one_that_ignores_its_signal_is_killed(yard: Yard) -> None:
    """By `kill`, at once."""
    ref = yard.launch("sh", "-c", "trap '' TERM; while :; do sleep 0.1; done")
    await yard.fact(Launched, ref)
    yard.runner.signal(ref, "SIGTERM")
    yard.runner.kill(ref)
    assert (await yard.over(ref)).code == 137


async def test_a_launch_that_is_given_up(yard: Yard) -> None:
    """A kill while it is being launched: nothing of it stays."""
    ref = yard.launch(*FOREVER)
    yard.runner.kill(ref)
    await yard.fact(Gone, ref)
    assert await yard.containers() == []


@pytest.mark.parametrize(
    ("command", "image", "reason"),
    [
        (("nonsense",), BASE, "command not found in the image"),
        (("true",), "meshdev-test/none:9", "image meshdev-test/none:9 is not here any more"),
    ],
)
async def test_a_launch_that_fails(yard: Yard, command: tuple[str, ...], image: str, reason: str) -> None:
    """With the reason in words; nothing of it stays."""
    ref = yard.launch(*command, image=image)
    failed = await yard.fact(LaunchFailed, ref)
    assert failed.reason.startswith(reason)
    assert await yard.containers() == []


async def test_one_that_ends_at_once(yard: Yard) -> None:
    """Its launch is told before its end."""
    ref = yard.launch("true")
    await yard.over(ref)
    assert [type(fact) for fact in yard.facts] == [Launched, Exited, Gone]


async def test_removed_behind_our_back(yard: Yard) -> None:
    """Told as an end like any other."""
    ref = yard.launch(*FOREVER)
    await yard.fact(Launched, ref)
    await yard.engine.call(lambda client: client.remove_container(yard.runner.container(ref), force=True))
    assert (await yard.over(ref)).code == 137


async def test_a_name_that_an_earlier_one_has(yard: Yard) -> None:
    """One of ours that was left is removed; somebody else's is not touched."""
    ref = yard.launch(*FOREVER)
    await yard.fact(Launched, ref)
    async with yard_() as other:
        other.project = yard.project
        other.runner._project = yard.project
        again = other.launch("true")
        await other.over(again)
    await yard.over(ref)


async def test_ports_are_reached_at_its_address(yard: Yard) -> None:
    """On its own network, from here."""
    ref = yard.launch("httpd", "-f", "-p", "8080", "-h", "/www", ports={"http": 8080})
    await yard.fact(Launched, ref)
    place = yard.runner.place(ref)
    assert place is not None
    await yard.until(lambda: _accepts(place.host, place.ports["http"]))


async def test_ports_on_loopback(yard: Yard) -> None:
    """For engines whose bridges are out of reach: published at a free port."""
    ref = yard.launch("httpd", "-f", "-p", "8080", "-h", "/www", ports={"http": 8080}, publish=True)
    await yard.fact(Launched, ref)
    place = yard.runner.place(ref)
    assert place is not None
    assert (place.host, place.ports["http"] != 8080) == ("127.0.0.1", True)
    await yard.until(lambda: _accepts("127.0.0.1", place.ports["http"]))


async def test_names_lead_to_addresses_on_its_bridge(yard: Yard) -> None:
    """Each its own, where somebody of ours can listen on any port."""
    network = await yard.network("web", 2)
    assert network.shared == ""
    with socket.create_server((network.addresses[1], 5432)) as server:
        server.settimeout(20)
        ref = yard.launch("sh", "-c", "echo hello | nc -w 5 db 5432", names=["cache", "db"])
        connection, peer = await asyncio.to_thread(server.accept)
        with connection:
            assert connection.recv(16) == b"hello\n"
        assert peer[0].rpartition(".")[0] == network.gateway.rpartition(".")[0]
    await yard.over(ref)


async def test_paused_and_released(yard: Yard) -> None:
    """SIGSTOP and SIGCONT are for the whole container."""
    ref = yard.launch("sh", "-c", "while :; do echo tick; sleep 0.05; done")
    await yard.until(lambda: b"tick" in yard.said(ref))
    yard.runner.signal(ref, "SIGSTOP")
    while (await yard.containers())[0]["State"] != "paused":  # noqa: ASYNC110 -- the engine sets no event
        await asyncio.sleep(0.02)
    had = len(yard.said(ref))
    yard.runner.signal(ref, "SIGCONT")
    await yard.until(lambda: len(yard.said(ref)) > had)
    yard.runner.kill(ref)
    await yard.over(ref)


async def test_a_command_in_it(yard: Yard) -> None:
    """Output and exit code; one that takes too long is ended."""
    ref = yard.launch(*FOREVER, environment={"GREETING": "hi"})
    await yard.fact(Launched, ref)
    done = await yard.runner.execute(ref, ("sh", "-c", "echo $GREETING; echo err >&2; exit 3"), within=20)
    assert (done.code, sorted(done.output.splitlines())) == (3, [b"err", b"hi"])
    late = await yard.runner.execute(ref, ("sleep", "1000"), within=0.5)
    assert late.timed_out
    await yard.until(lambda: "sleep 1000" not in " ".join(seen.command for seen in yard.runner.members(ref)))
    yard.runner.kill(ref)
    await yard.over(ref)
    with pytest.raises(EngineError, match="does not run"):
        await yard.runner.execute(ref, ("true",), within=1)


async def test_its_processes_are_known(yard: Yard) -> None:
    """By their pids on this machine, the first one first, for usage and faults."""
    ref = yard.launch("sh", "-c", "sleep 300 & sleep 301 & wait")
    launched = await yard.fact(Launched, ref)
    await yard.until(lambda: len(yard.runner.pids(ref)) == 3)
    assert yard.runner.pids(ref)[0] == launched.pid
    assert dict(yard.runner.everybody()).keys() == {ref}
    yard.runner.kill(ref)
    await yard.over(ref)
    assert yard.runner.members(ref) == ()


async def test_limits_mounts_user_and_files(yard: Yard) -> None:
    """What the file asks for is what the container sees."""
    with tempfile.TemporaryDirectory() as folder:
        await asyncio.to_thread(_write_page, Path(folder))
        await _mounted(yard, folder)


async def _mounted(yard: Yard, folder: str) -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        info = tarfile.TarInfo("data/copied")
        info.size = 6
        archive.addfile(info, io.BytesIO(b"before"))
    mounts = (
        Mount(MountKind.BIND, "/host", folder, read_only=True),
        Mount(MountKind.TMPFS, "/scratch", size=1 << 20),
    )
    script = "id -u; cat /host/page; echo; touch /host/x || echo refused; df -k /scratch | tail -1; cat /data/copied"
    ref = yard.launch(
        "sh",
        "-c",
        script,
        container=Container(user="65534", mounts=mounts),
        limits=Limits(memory=64 << 20, cpus=0.5),
        archives=(Archive("/", tar.getvalue()),),
    )
    await yard.over(ref)
    lines = yard.said(ref).decode().splitlines()
    assert lines[:3] == ["65534", "from outside", "refused"]
    assert (lines[3].split()[1], lines[4]) == ("1024", "before")


async def test_out_of_memory_is_told(yard: Yard) -> None:
    """In words, beside the exit code 137."""
    ref = yard.launch("sh", "-c", "tail /dev/zero", limits=Limits(memory=8 << 20))
    exited = await yard.over(ref)
    assert exited.code in (1, 137)
    assert any("limit of memory" in note for note in yard.notes)


async def test_health_as_the_engine_asks_it(yard: Yard) -> None:
    """Where the image says how: both answers are heard."""
    image = await yard.engine.call(_with_healthcheck)
    ref = yard.launch(
        *FOREVER,
        image=image,
        container=Container(healthcheck=EngineHealthcheck(interval=0.1, retries=1, timeout=5)),
    )
    await yard.until(lambda: yard.health[-1:] == [True])
    await yard.runner.execute(ref, ("touch", "/tmp/sick"), within=10)
    await yard.until(lambda: yard.health[-1:] == [False])
    yard.runner.kill(ref)
    await yard.over(ref)


async def test_without_an_engine(tmp_path: Path) -> None:
    """A launch fails at once, with the way out."""
    async with yard_(f"unix://{tmp_path}/none.sock") as yard:
        failed = await yard.fact(LaunchFailed, yard.launch("true"))
        assert failed.reason.startswith(
            f"there is no container engine at unix://{tmp_path}/none.sock (install"
        )


def _write_page(folder: Path) -> None:
    folder.chmod(0o755)
    (folder / "page").write_text("from outside")


def _with_healthcheck(client: "APIClient") -> str:
    dockerfile = f"FROM {BASE}\nHEALTHCHECK CMD test ! -e /tmp/sick\n"
    build = ImageBuild(remote="", dockerfile_inline=dockerfile, context=Path(__file__).parent)
    telling = Telling(lambda _: None, lambda _: None)
    image = build_image(client, Container(), build, "meshdev-test/health:1", telling)
    assert image.healthcheck
    return image.id


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True
