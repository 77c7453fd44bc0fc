"""The process runner against real processes: what is reported, in which order, and that nothing survives."""

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from meshdev.lifecycle.model import Exited, Gone, Incarnation, Launched, LaunchFailed
from meshdev.runners.ports import PortPool
from support_processes import PROGRAMS, Bench, Trace, is_alive, kill

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
REF = Incarnation("orders", 0, 1)


async def test_reports_launched_exited_gone_in_order(bench: Bench) -> None:
    """One run is told as three facts, with the pid and the exit code."""
    bench.launch(REF, "/bin/sh", "-c", "exit 3")
    assert bench.facts.seen == [], "a fact is never reported inside the call"
    gone = await bench.facts.of(Gone, REF)
    launched, exited, last = bench.facts.seen
    assert isinstance(launched, Launched)
    assert launched.pid > 0
    assert Exited(REF, code=3) == exited
    assert last is gone


async def test_reports_the_signal_that_ended_a_leader(bench: Bench) -> None:
    """A leader killed from outside is no exit code."""
    bench.launch(REF, "/bin/sleep", "1000")
    launched = await bench.facts.of(Launched, REF)
    os.kill(launched.pid, signal.SIGKILL)
    assert Exited(REF, signal=9) == await bench.facts.of(Exited, REF)


async def test_output_is_complete_when_the_exit_is_told(bench: Bench) -> None:
    """The last words of a process are heard before the news of its end, and both streams end."""
    bench.launch(REF, "/bin/sh", "-c", "echo out; echo err >&2; printf tail")
    heard_at_exit: list[bytes] = []
    await bench.facts.of(Exited, REF)
    heard_at_exit.append(bytes(bench.heard[REF, "stdout"].data))
    await bench.facts.of(Gone, REF)
    assert heard_at_exit == [b"out\ntail"]
    assert bytes(bench.heard[REF, "stderr"].data) == b"err\n"
    assert bench.heard[REF, "stdout"].ended
    assert bench.heard[REF, "stderr"].ended


async def test_marks_the_environment(bench: Bench) -> None:
    """Strays can be told by their environment, whatever the caller put there."""
    bench.launch(REF, "/usr/bin/env")
    await bench.facts.of(Gone, REF)
    lines = bytes(bench.heard[REF, "stdout"].data).decode().splitlines()
    assert "MESHDEV_INSTANCE=orders-0" in lines
    assert "MESHDEV_GENERATION=1" in lines


async def test_shell_line(bench: Bench) -> None:
    """With ``shell`` the words are one line for the shell."""
    bench.launch(REF, "echo $((1 + 1)) && exit 4", shell=True)  # noqa: S604 -- what is tested
    assert Exited(REF, code=4) == await bench.facts.of(Exited, REF)
    assert bytes(bench.heard[REF, "stdout"].data) == b"2\n"


async def test_own_session_and_no_stdin(bench: Bench) -> None:
    """The leader leads its own session and reads nothing."""
    bench.launch(REF, "/bin/sh", "-c", "read line || echo no-stdin; exec sleep 1000")
    launched = await bench.facts.of(Launched, REF)
    await bench.heard[REF, "stdout"].until(b"no-stdin")
    assert launched.pid == os.getsid(launched.pid)


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (("no-such-command-here",), "command not found: no-such-command-here"),
        (("./missing",), "command not found: ./missing (looked in "),
        (("/tmp",), "cannot start /tmp: it is a directory"),
        (("/etc/passwd",), "cannot start /etc/passwd: permission denied (chmod +x /etc/passwd)"),
        (("./bad-interpreter",), "its interpreter '/no/such/python' (first line of the file) does not exist"),
        (("./bad-env",), "its interpreter 'no-such-node' (first line of the file) does not exist"),
        (("/bin/echo", "a\0b"), "embedded null byte"),
    ],
)
async def test_launch_failed_says_why(bench: Bench, argv: tuple[str, ...], reason: str) -> None:
    """What can't be started is told with a reason that a person can act on, and nothing else follows."""
    for name, first in {
        "bad-interpreter": "#!/no/such/python",
        "bad-env": "#!/usr/bin/env no-such-node",
    }.items():
        script = bench.cwd / name
        script.write_text(f"{first}\n")
        script.chmod(0o755)
    bench.launch(REF, *argv)
    failed = await bench.facts.of(LaunchFailed, REF)
    assert reason in failed.reason
    assert [failed] == bench.facts.seen


async def test_working_dir_missing(bench: Bench) -> None:
    """A missing directory is named, not the program."""
    bench.cwd = Path("/no/such/dir")
    bench.launch(REF, "/bin/true")
    assert "working_dir /no/such/dir does not exist" in (await bench.facts.of(LaunchFailed, REF)).reason


@pytest.mark.parametrize(
    ("program", "stubborn"),
    [
        ("stubborn.sh", 1),
        ("stubborn_grandchild.sh", 1),
        ("setsid_grandchild.sh", 1),
        ("scrubbed_daemon_stays.sh", 1),
        ("fifty_children.sh", 50),
    ],
)
async def test_kill_leaves_nobody(bench: Bench, trace: Trace, program: str, stubborn: int) -> None:
    """SIGTERM, then SIGKILL: whoever ignores the first, in whatever session, doesn't survive the second."""
    bench.launch(REF, *trace.program(program))
    await bench.ready(REF)
    bench.runner.signal(REF, "SIGTERM")
    if program != "stubborn.sh":
        await bench.facts.of(Exited, REF)
    assert len(trace.alive()) >= stubborn
    assert bench.facts.count(Gone) == 0, "a leader's end is not the end of all"
    bench.runner.kill(REF)
    await bench.facts.of(Gone, REF)
    assert trace.alive() == []


async def test_scrubbed_daemon_belongs_to_its_incarnation(bench: Bench, trace: Trace) -> None:
    """Double fork, own session, empty environment, closed pipes, leader gone: it is still known and ended."""
    bench.launch(REF, *trace.program("scrubbed_daemon.sh"))
    other = Incarnation("other", 0, 1)
    bench.launch(other, "/bin/sleep", "1000")
    assert (await bench.facts.of(Exited, REF)).code == 0
    await bench.ready(REF)
    stray = trace.alive()[0]  # another may be its child on the way to exec
    assert stray in bench.runner.pids(REF)
    assert stray not in bench.runner.pids(other)
    bench.runner.kill(REF)
    await bench.facts.of(Gone, REF)
    assert not is_alive(stray)
    assert len(bench.runner.pids(other)) == 1


async def test_held_pipe_does_not_hold_up_anything(bench: Bench, trace: Trace) -> None:
    """A grandchild in another session that keeps stdout open delays neither the exit nor the end."""
    bench.launch(REF, "/bin/sh", "-c", "setsid sleep 1000 & echo ready; exit 0", trace.token)
    await bench.facts.of(Exited, REF, within=5)
    assert not bench.heard[REF, "stdout"].ended
    bench.runner.signal(REF, "SIGTERM")
    await bench.facts.of(Gone, REF, within=5)
    assert bench.heard[REF, "stdout"].ended


async def test_members_say_who_blocks(bench: Bench, trace: Trace) -> None:
    """A stop that takes long can name its blockers, the leader first."""
    bench.launch(REF, *trace.program("stubborn_grandchild.sh"))
    await bench.ready(REF)
    first, *others = bench.runner.members(REF)
    assert (await bench.facts.of(Launched, REF)).pid == first.pid
    assert {"sh", "sleep"} >= {seen.command for seen in others}
    assert others


async def test_stopped_process_hears_sigterm(bench: Bench) -> None:
    """A process that was suspended is woken to hear the signal."""
    bench.launch(REF, "/bin/sleep", "1000")
    launched = await bench.facts.of(Launched, REF)
    os.kill(launched.pid, signal.SIGSTOP)
    bench.runner.signal(REF, "SIGTERM")
    assert Exited(REF, signal=15) == await bench.facts.of(Exited, REF)


async def test_other_signals_reach_the_group(bench: Bench) -> None:
    """A signal that ends nothing (``watch.action = "signal"``) goes to the group."""
    bench.launch(
        REF, "/bin/sh", "-c", "trap 'echo usr1; exit 0' USR1; echo ready; while :; do sleep 0.05; done"
    )
    await bench.ready(REF)
    bench.runner.signal(REF, "SIGUSR1")
    await bench.heard[REF, "stdout"].until(b"usr1")


async def test_late_commands_are_harmless(bench: Bench) -> None:
    """Signals to an incarnation that is gone, or never was, do nothing."""
    bench.launch(REF, "/bin/true")
    await bench.facts.of(Gone, REF)
    bench.runner.signal(REF, "SIGTERM")
    bench.runner.kill(REF)
    bench.runner.kill(Incarnation("nobody", 0, 1))
    assert bench.runner.pids(REF) == ()


async def test_close_ends_everything(bench: Bench, trace: Trace) -> None:
    """Closing the runner kills what runs and waits until it is gone."""
    for slot in range(3):
        bench.launch(Incarnation("orders", slot, 1), *trace.program("stubborn.sh"))
    trace.wait_for(3)
    await bench.runner.close()
    assert trace.alive() == []
    assert bench.facts.count(Exited) == 3


async def test_ports_are_held_until_gone(bench: Bench, tmp_path: Path) -> None:
    """A program that sets SO_REUSEADDR binds over the hold; the port is free again with `Gone`."""
    pool = PortPool(tmp_path / "ports.lock")
    held = pool.hold()
    serve = "import http.server, sys; http.server.test(port=int(sys.argv[1]), bind='127.0.0.1')"
    bench.launch(REF, "python3", "-u", "-c", serve, str(held.port), ports=(held,))
    assert held.port == (await bench.facts.of(Launched, REF)).port
    await bench.heard[REF, "stdout"].until(b"Serving HTTP")
    with pytest.raises(Exception, match="taken by another instance of this system"):
        pool.hold_fixed(held.port)
    bench.runner.kill(REF)
    await bench.facts.of(Gone, REF)
    pool.hold_fixed(held.port).release()
    pool.close()


async def test_second_attempt_lets_the_port_go(bench: Bench, tmp_path: Path) -> None:
    """A program without SO_REUSEADDR fails on a held port and gets it on the second attempt."""
    pool = PortPool(tmp_path / "ports.lock")
    bind = "import socket, sys; s = socket.socket(); s.bind(('127.0.0.1', int(sys.argv[1]))); print('bound')"
    for attempt, code in ((1, 1), (2, 0)):
        ref = Incarnation("orders", 0, attempt)
        held = pool.hold()
        bench.launch(ref, "python3", "-c", bind, str(held.port), ports=(held,), attempt=attempt)
        assert code == (await bench.facts.of(Exited, ref)).code
        await bench.facts.of(Gone, ref)
    pool.close()


async def test_fifty_start_fast(bench: Bench) -> None:
    """Fifty launches cost the daemon well under 0.3 s of CPU."""
    refs = [Incarnation("orders", slot, 1) for slot in range(50)]
    before = time.process_time()
    for ref in refs:
        bench.launch(ref, "/bin/sleep", "1000")
    spent = time.process_time() - before
    await bench.facts.of(Launched, refs[-1])
    assert spent < 0.3


async def test_descriptors_do_not_leak(bench: Bench) -> None:
    """Instances inherit nothing but 0, 1, 2; the runner keeps nothing of one that is gone."""
    with socket.socket() as inheritable:
        os.set_inheritable(inheritable.fileno(), True)  # noqa: FBT003 -- positional-only
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 -- counting
        bench.launch(REF, "/bin/sh", "-c", "ls /proc/$$/fd")
        await bench.facts.of(Gone, REF)
        assert before == len(os.listdir("/proc/self/fd"))  # noqa: PTH208 -- counting
    assert {"0", "1", "2"} == set(bytes(bench.heard[REF, "stdout"].data).decode().split())


async def test_gone_waits_for_a_kill_from_outside(bench: Bench, trace: Trace) -> None:
    """Leftovers that somebody else ends are noticed as well."""
    bench.launch(REF, *trace.program("scrubbed_daemon.sh"))
    await bench.facts.of(Exited, REF)
    await bench.ready(REF)
    stray = trace.alive()[0]  # another may be its child on the way to exec
    for pid in bench.runner.pids(REF):
        kill(pid)
    await bench.facts.of(Gone, REF)
    assert not is_alive(stray)


async def test_hopper_is_caught(bench: Bench, trace: Trace) -> None:
    """Who forks and ends all the time is neither taken for gone nor missed by SIGKILL."""
    hops: asyncio.Queue[int] = asyncio.Queue()
    bench.reaper.on_stray(hops.put_nowait)
    bench.launch(REF, "python3", "-S", "-E", str(PROGRAMS / "hopper.py"), trace.token)
    for _ in range(50):
        await hops.get()
    assert bench.facts.count(Gone) == 0
    bench.runner.kill(REF)
    await bench.facts.of(Gone, REF, within=3)
    assert trace.alive() == []
