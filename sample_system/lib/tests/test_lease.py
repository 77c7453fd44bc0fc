"""A lease has one holder, and none after its holder died."""

import asyncio
import subprocess
import sys
from pathlib import Path

from shopkit import lease

HOLDER = """
import asyncio, pathlib, sys
from shopkit import lease
async def hold():
    async with lease.held(pathlib.Path(sys.argv[1])):
        print("held", flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())
"""


async def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    """It gets the lease when the first gives it back."""
    order: list[str] = []

    async def second() -> None:
        async with lease.held(tmp_path / "lease"):
            order.append("second")

    async with asyncio.timeout(10), asyncio.TaskGroup() as group, lease.held(tmp_path / "lease"):
        group.create_task(second())
        await asyncio.sleep(0)
        order.append("first")
    assert order == ["first", "second"]


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    """The kernel gives the lease back after `kill -9`."""

    async def take() -> None:
        async with asyncio.timeout(10), lease.held(tmp_path / "lease"):
            pass

    library = str(Path(lease.__file__).parent.parent)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lease")],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": library},
    )
    assert holder.stdout is not None
    with holder.stdout as said:
        assert said.readline() == b"held\n"
        holder.kill()
        holder.wait()
    asyncio.run(take())
