"""Probes of a steady state against real servers and commands."""

import asyncio
from pathlib import Path

import pytest

from meshdev.chaos.judge import Evidence
from meshdev.chaos.observe import Observer, run_command
from meshdev.client.aio import AsyncControl
from meshdev.client.project import find_project
from meshdev.topology.experiment import Check, ExecCheck, HttpCheck
from support_product import alive, eventually


async def first_answer(check: Check, root: Path) -> str:
    """What is wrong by the first answer; empty if nothing is."""
    (root / "meshdev.toml").touch()
    evidence = Evidence()
    control = AsyncControl(find_project(None, cwd=root, environ={}))
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(Observer(control, evidence, root).watch_probe(0, check))
        async with asyncio.timeout(30):
            while not evidence.answers:  # noqa: ASYNC110 -- what it looks at has no event
                await asyncio.sleep(0.01)
        asking.cancel()
    answer = evidence.answers[0]
    assert answer.ok is (answer.detail == "")
    return answer.detail


@pytest.mark.parametrize(
    ("status", "check", "detail"),
    [
        (200, {}, ""),
        (200, {"contains": "all well"}, ""),
        (200, {"contains": "trouble"}, "does not contain 'trouble'"),
        (200, {"status": (204,)}, "answered 200"),
        (503, {}, "answered 503"),
        (503, {"status": (200, 503)}, ""),
    ],
)
async def test_http(tmp_path: Path, status: int, check: dict[str, object], detail: str) -> None:
    """Status and text of the answer are what counts."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 8\r\nConnection: close\r\n\r\nall well" % status)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        given = HttpCheck(url, timeout=20.0, **check)  # type: ignore[arg-type] # fields by name
        assert await first_answer(given, tmp_path) == detail


async def test_http_without_a_server(tmp_path: Path) -> None:
    """Nobody listens."""
    async with await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    assert await first_answer(HttpCheck(f"http://127.0.0.1:{port}/"), tmp_path) != ""


@pytest.mark.parametrize(
    ("check", "detail"),
    [
        (ExecCheck("echo all well", contains="all well", timeout=20.0), ""),
        (ExecCheck("echo hm", contains="well", timeout=20.0), "does not say 'well'"),
        (ExecCheck("echo why; exit 3", timeout=20.0), "ended with 3: why"),
        (ExecCheck("exit 3", code=3, timeout=20.0), ""),
        (ExecCheck(("no-such-program",), timeout=20.0), "ended with 127: No such file or directory"),
        (ExecCheck("sleep 60", timeout=0.1), "not over within 0.1 s"),
    ],
)
async def test_exec(tmp_path: Path, check: ExecCheck, detail: str) -> None:
    """Exit code and output of the command are what counts."""
    assert await first_answer(check, tmp_path) == detail


async def test_a_command_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    """Nothing of it is left, and it ran in the project's folder."""
    code, _ = await run_command("sleep 60 & echo $! > child; wait", tmp_path, 0.5)
    assert code is None
    pid = int((tmp_path / "child").read_text())
    await asyncio.to_thread(eventually, lambda: not alive(pid))
