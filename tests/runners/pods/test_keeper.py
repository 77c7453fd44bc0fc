"""Networks and their sockets, between real ones: who reaches whom, and who does not."""

import os
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from meshdev.mesh.pod_sockets import NoSocketError
from meshdev.wire.pods import Client, Forget, Gate, Known, Pod, Sockets
from support_pods import GATE, asked, keeper, needs_pods, taken, talk

pytestmark = needs_pods


async def test_a_pod_reaches_its_gate_on_any_address_of_names() -> None:
    """The mesh listens there; the pod's own port of the same number is another one."""
    async with keeper() as ask:
        os.close(await asked(ask.ask(Gate(GATE))[0]))
        os.close(await asked(ask.ask(Pod("orders-0@1", GATE, "10.198.0.9"))[0]))
        at_gate = [taken(await asked(one)) for one in ask.ask(Sockets(GATE, 2), answers=2)]
        in_pod = [taken(await asked(one)) for one in ask.ask(Sockets("orders-0@1", 3), answers=3)]
        own = in_pod.pop()
        own.bind(("0.0.0.0", 8080))
        own.listen()
        with closing(own), closing(at_gate[0]), closing(at_gate[1]):
            told = [
                talk(listener, caller, place)
                for listener, caller, place in zip(
                    at_gate, in_pod, [("10.197.0.3", 8080), ("10.197.44.5", 80)], strict=True
                )
            ]
        assert told == [("there", "10.198.0.9")] * 2


async def test_two_pods_do_not_meet() -> None:
    """Both listen on one port, and each is reached by its own sockets only; there is no way out of either."""
    async with keeper() as ask:
        os.close(await asked(ask.ask(Gate(GATE))[0]))
        for number, pod in enumerate(("a", "b")):
            os.close(await asked(ask.ask(Pod(pod, GATE, f"10.198.0.{number + 1}"))[0]))
            pair = [taken(await asked(one)) for one in ask.ask(Sockets(pod, 3), answers=3)]
            with closing(pair[0]), closing(pair[2]):
                assert talk(pair[0], pair[1], ("127.0.0.1", 8080)) == ("there", "127.0.0.1")
                with pytest.raises(OSError, match="Network is unreachable"):
                    pair[2].connect(("192.0.2.1", 80))


async def test_what_cannot_be_had_is_refused_and_nothing_else_suffers() -> None:
    """Unknown networks, too many sockets at once, a pod without a gate; then it goes on."""
    async with keeper() as ask:
        for question in (Sockets("nobody", 1), Pod("a", "nobody", "10.198.0.1")):
            with pytest.raises(NoSocketError, match="nobody"):
                await asked(ask.ask(question)[0])
        os.close(await asked(ask.ask(Gate(GATE))[0]))
        answers = ask.ask(Sockets(GATE, 65), answers=65)
        for answer in answers[:64]:
            os.close(await asked(answer))
        with pytest.raises(NoSocketError, match="too many"):
            await asked(answers[64])
        ask.tell(Forget(GATE))
        with pytest.raises(NoSocketError, match="no network"):
            await asked(ask.ask(Sockets(GATE, 1))[0])


async def test_a_network_that_another_one_made() -> None:
    """It is told of, and gives sockets as before; the network outlives its maker."""
    async with keeper() as first:
        net = await asked(first.ask(Gate(GATE))[0])
    async with keeper() as second:
        second.tell(Known(GATE), net)
        os.close(net)
        if os.geteuid() == 0:  # else both must be of one user namespace, as the daemon sees to
            os.close(await asked(second.ask(Sockets(GATE, 1))[0]))


async def test_somebody_else_may_ask() -> None:
    """A worker has a way of its own, and its end disturbs nobody."""
    async with keeper() as ask:
        os.close(await asked(ask.ask(Gate(GATE))[0]))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ask.tell(Client(), theirs.fileno())
        theirs.close()
        ours.sendall(b"\xff" * 8)  # no frame of ours: it is let go
        ours.settimeout(10.0)
        assert ours.recv(1) == b""
        ours.close()
        os.close(await asked(ask.ask(Sockets(GATE, 1))[0]))


def test_it_can_be_tried() -> None:
    """For `doctor`: a word if it works; without arguments it says who starts it."""
    command = [sys.executable, "-P", "-m", "meshdev.runners.pods.keeper"]
    tried = subprocess.run([*command, "--try"], capture_output=True, text=True, check=True)
    assert tried.stdout == "here\n"
    wrong = subprocess.run(command, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "usage" in wrong.stderr
