"""The keeper of networks: ``python -P -m meshdev.runners.pods.keeper --fd N``, started by the daemon for pods.

It has what the daemon itself must not have: a place in a user namespace where it may make networks (root needs none),
and a way from one network to another. It makes them, makes sockets in them, and passes both on; whoever gets a socket
binds or connects it himself, in whatever network he is. A gate is a network in which all names' addresses are local, so
listeners there are reached from pods and meet no port of theirs; a pod is a network with loopback and one cable to its
gate. It owns no truth: networks live as long as somebody has a descriptor, a socket or a process of them, and another
keeper that is told of them (`Known`) goes on.

``--try`` makes one of each, says so, and ends: for `doctor`.
"""

import os
import selectors
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, assert_never

from meshdev.runners.pods import netlink
from meshdev.runners.within import CLONE_NEWNET, CLONE_NEWUSER, be_the_same_user, enter, unshare
from meshdev.wire.frames import FrameReader
from meshdev.wire.pods import (
    MOST_SOCKETS,
    Begin,
    Client,
    Forget,
    Gate,
    Known,
    Made,
    Pod,
    Question,
    Refused,
    Sockets,
    decode_question,
    encode,
)

NAMES: Final = "10.197.0.0/16"
HERE: Final = "here"
_READ: Final = 64 * 1024
_OWN_NET: Final = "/proc/self/ns/net"


class Networks:
    """What was made, by name; methods raise OSError."""

    def __init__(self) -> None:
        self._nets: dict[str, int] = {}

    def begin(self, user: int | None) -> int | None:
        """Get the rights: by an earlier keeper's user namespace, as root, or by a new one, which is given."""
        if user is not None:
            enter(user, CLONE_NEWUSER)
            return None
        if os.geteuid() == 0:
            try:
                unshare(CLONE_NEWNET)
            except PermissionError:
                pass
            else:
                return None
        uid, gid = os.geteuid(), os.getegid()
        unshare(CLONE_NEWUSER)
        be_the_same_user(uid, gid)
        return os.open("/proc/self/ns/user", os.O_RDONLY | os.O_CLOEXEC)

    def gate(self, name: str) -> int:
        """A network where the mesh listens."""
        net = self._new(name)
        netlink.be_all_of(NAMES)
        return net

    def pod(self, name: str, gate: str, address: str) -> int:
        """A network for an instance, and its cable."""
        way = self._nets[gate]
        net = self._new(name)
        peer = "p" + "-".join(
            address.split(".")[2:]
        )  # not counted: another keeper may have been there before
        netlink.add_veth("eth0", peer, way)
        netlink.add_address("eth0", address)
        netlink.up("eth0")
        netlink.route_to(NAMES, "eth0")  # and nowhere else: that is said at once
        enter(way, CLONE_NEWNET)
        netlink.up(peer)
        netlink.route_to(f"{address}/32", peer)
        return net

    def sockets(self, name: str, many: int) -> Iterator[socket.socket]:
        """Sockets of a network."""
        enter(self._nets[name], CLONE_NEWNET)
        for _ in range(min(many, MOST_SOCKETS)):
            yield socket.socket(socket.AF_INET, socket.SOCK_STREAM)

    def know(self, name: str, net: int) -> None:
        """An earlier keeper made it."""
        self.forget(name)
        self._nets[name] = net

    def forget(self, name: str) -> None:
        """It is over as soon as nobody has it."""
        net = self._nets.pop(name, None)
        if net is not None:
            os.close(net)

    def _new(self, name: str) -> int:
        unshare(CLONE_NEWNET)
        net = os.open(_OWN_NET, os.O_RDONLY | os.O_CLOEXEC)
        self.know(name, net)
        netlink.up("lo")
        with suppress(OSError), open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as setting:  # noqa: PTH123
            setting.write("0")  # port 80 is nobody's privilege there
        return net


class Asker:
    """One end of somebody who asks."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.reader = FrameReader()
        self.descriptors: list[int] = []

    def hear(self) -> list[Question] | None:
        """What was asked since; None when nobody is there any more."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self.sock, _READ, 16)
        except OSError:
            return None
        self.descriptors += descriptors
        return [decode_question(body) for body in self.reader.feed(data)] if data else None

    def take(self) -> int:
        """The oldest descriptor that came."""
        return self.descriptors.pop(0)

    def say(self, answer: Made | Refused, descriptor: int | None = None) -> None:
        """Answer, with a copy of ``descriptor``. Raises OSError when nobody hears."""
        data = encode(answer)
        sent = socket.send_fds(self.sock, [data], [] if descriptor is None else [descriptor])
        if sent < len(data):
            self.sock.sendall(data[sent:])


class Keeper:
    """Answers until the daemon is gone."""

    def __init__(self, daemon: socket.socket) -> None:
        self._networks = Networks()
        self._daemon = daemon
        self._selector = selectors.DefaultSelector()
        self._admit(daemon)

    def serve(self) -> None:
        """See the class."""
        while True:
            for key, _ in self._selector.select():
                asker: Asker = key.data
                try:
                    questions = asker.hear()
                    for question in questions or ():
                        self._answer(asker, question)
                except (OSError, ValueError):
                    questions = None
                if questions is None:
                    if asker.sock is self._daemon:
                        return
                    self._selector.unregister(asker.sock)
                    asker.sock.close()

    def _admit(self, sock: socket.socket) -> None:
        sock.setblocking(True)  # noqa: FBT003 -- the socket module's own signature
        self._selector.register(sock, selectors.EVENT_READ, Asker(sock))

    def _answer(self, asker: Asker, question: Question) -> None:
        match question:
            case Known(net):
                self._networks.know(net, asker.take())
            case Forget(net):
                self._networks.forget(net)
            case Client():
                self._admit(socket.socket(fileno=asker.take()))
            case Sockets():
                self._pass_sockets(asker, question)
            case Begin() | Gate() | Pod():
                self._make(asker, question)
            case _:
                assert_never(question)

    def _make(self, asker: Asker, question: Begin | Gate | Pod) -> None:
        try:
            match question:
                case Begin(joins):
                    made = self._networks.begin(asker.take() if joins else None)
                    asker.say(Made(bare=made is None), made)
                case Gate(net):
                    asker.say(Made(), self._networks.gate(net))
                case Pod(net, gate, address):
                    asker.say(Made(), self._networks.pod(net, gate, address))
        except (OSError, KeyError) as error:
            asker.say(Refused(_reason(error)))

    def _pass_sockets(self, asker: Asker, question: Sockets) -> None:
        passed = 0
        reason = "too many at once"
        try:
            for sock in self._networks.sockets(question.net, question.many):
                with sock:
                    asker.say(Made(), sock.fileno())
                passed += 1
        except (OSError, KeyError) as error:
            reason = _reason(error)
        for _ in range(question.many - passed):
            asker.say(Refused(reason))


def _reason(error: OSError | KeyError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else f"there is no network {error}"


def _try() -> None:
    networks = Networks()
    networks.begin(None)
    networks.gate("gate")
    networks.pod("pod", "gate", "10.198.0.1")
    sys.stdout.write(f"{HERE}\n")


def main() -> int:
    """See the module."""
    match sys.argv[1:]:
        case ["--try"]:
            try:
                _try()
            except OSError as error:
                sys.stderr.write(f"{error.strerror}\n")
                return 1
        case ["--fd", number] if number.isdecimal():
            sock = socket.socket(fileno=int(number))
            sock.set_inheritable(False)
            Keeper(sock).serve()
        case _:
            sys.stderr.write("usage: python -m meshdev.runners.pods.keeper --fd N (started by the daemon)\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
