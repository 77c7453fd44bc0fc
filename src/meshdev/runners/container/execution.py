"""Running a command in a container: for probes, for what a watch asks for, for `meshdev shell`."""

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from meshdev.runners.container import cgroup
from meshdev.runners.container.engine import Engine
from meshdev.runners.container.frames import Frames
from meshdev.runners.container.stream import stream
from meshdev.runners.container.trouble import EngineError
from meshdev.runners.execute import Executed

if TYPE_CHECKING:
    from docker import APIClient


async def execute_in(
    engine: Engine,
    container: str,
    argv: Sequence[str],
    *,
    within: float,
    user: str = "",
    keep: int = 2048,
) -> Executed:
    """Run ``argv`` in the container for at most ``within`` seconds. Raises EngineError."""
    said = b""
    frames = Frames()

    def take(data: bytes) -> None:
        nonlocal said
        for _, text in frames.feed(data):
            said = (said + text)[-keep:]

    def create(client: "APIClient") -> str:
        return str(client.exec_create(container, list(argv), user=user)["Id"])

    identity = ""
    try:
        async with asyncio.timeout(within):
            identity = await engine.call(create)
            body = json.dumps({"Detach": False, "Tty": False}).encode()
            await stream(engine.address, f"/exec/{identity}/start", take, method="POST", body=body)
    except TimeoutError:
        await _end(engine, container, identity)
        return Executed(None, None, timed_out=True, output=said)
    code = await engine.call(lambda client: client.exec_inspect(identity)["ExitCode"])
    return Executed(code, None, timed_out=False, output=said)


async def _end(engine: Engine, container: str, identity: str) -> None:
    """Kill what takes too long, where its process is on this machine; engines have no call for it."""
    if not identity:
        return
    with suppress(EngineError, OSError, TypeError):
        pid = await engine.call(lambda client: int(client.exec_inspect(identity)["Pid"]))
        if cgroup.is_of(pid, container):
            os.kill(pid, signal.SIGKILL)
