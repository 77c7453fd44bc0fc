"""The daemon's side of networks for pods: their keeper is started with the first one, linked to every worker, replaced.

Rules: the networks' descriptors are held here, so a keeper that ends takes nothing with it: another one is told of them
and goes on · whatever is asked meanwhile fails, with a reason · nothing is left when the daemon ends, since a network
lives only as long as somebody holds it.
"""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from meshdev.errors import ServiceError
from meshdev.kernel.backoff import Backoff
from meshdev.mesh.fleet import Fleet
from meshdev.mesh.offspring import Offspring
from meshdev.mesh.pod_sockets import PodSockets, Questions
from meshdev.runners.namespaces import refusal
from meshdev.wire.pods import MOST_SOCKETS, Begin, Client, Forget, Gate, Known, Made, Pod, Question, Sockets

SPARE: Final = 8
CLOSE_SECONDS: Final = 2.0
REAP_SECONDS: Final = 0.01
RESTART: Final = Backoff(first=0.1, most=5.0, jitter=0.0)
_FIRST: Final = int.from_bytes(socket.inet_aton("10.198.0.1"), "big")
_MANY: Final = 65_000


class GateSockets:
    """Sockets at the gate of one caller, in stock: a listener must be there at once."""

    def __init__(self) -> None:
        self._stock: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._stock)

    def put(self, answer: "asyncio.Future[tuple[Made, int]]") -> None:
        """One more, if it has come."""
        if not answer.cancelled() and answer.exception() is None:
            self._stock.append(answer.result()[1])

    def take(self) -> socket.socket:
        """One of them. Raises OSError when there is none left."""
        if not self._stock:
            raise OSError(0, "no socket of the caller's network is left; try again")
        return socket.socket(fileno=self._stock.popleft())

    def close(self) -> None:
        """Drop what is left."""
        while self._stock:
            os.close(self._stock.popleft())


class Pods:
    """All networks of one daemon. Used from the loop's thread only; methods raise ServiceError."""

    def __init__(self, fleet: Fleet, environment: Mapping[str, str], report: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._fleet = fleet
        self._report = report
        self._offspring = Offspring("meshdev.runners.pods.keeper", environment)
        self._questions: Questions | None = None
        self._beginning = asyncio.Lock()
        self._nets: dict[str, int] = {}
        self._gates: dict[str, GateSockets] = {}
        self._addresses = 0
        self._failures = 0
        self._restart: asyncio.TimerHandle | None = None
        self._restarting: asyncio.Task[None] | None = None
        self._probes = PodSockets(self._loop)
        self.user: int | None = None

    @property
    def pid(self) -> int:
        """The keeper's, 0 when there is none."""
        return self._offspring.pid if self._questions is not None else 0

    async def gate(self, caller: str, listeners: int) -> GateSockets:
        """The gate of ``caller``, with sockets for so many ``listeners`` and some to spare."""
        await self._begun()
        sockets = self._gates.get(caller)
        if sockets is None:
            self._nets[_gate(caller)] = await self._made(Gate(_gate(caller)))
            sockets = self._gates[caller] = GateSockets()
        while len(sockets) < listeners + SPARE:
            many = min(listeners + SPARE - len(sockets), MOST_SOCKETS)
            answers = self._asked(Sockets(_gate(caller), many), answers=many)
            for answer in answers:
                answer.add_done_callback(sockets.put)
            await asyncio.wait(answers)
            await _descriptor(answers[-1])
        return sockets

    async def pod(self, caller: str, name: str) -> int:
        """A network for the instance ``name`` of ``caller``: its descriptor, which stays ours."""
        await self._begun()
        self._addresses = self._addresses % _MANY + 1
        address = socket.inet_ntoa((_FIRST + self._addresses).to_bytes(4, "big"))
        self.forget(name)
        try:
            net = self._nets[name] = await self._made(Pod(name, _gate(caller), address))
        except BaseException:
            self._tell(Forget(name))
            raise
        return net

    async def socket_in(self, name: str) -> socket.socket:
        """A socket of the instance's network, for a probe. Raises OSError."""
        return await self._probes.take(name)

    def forget(self, name: str) -> None:
        """The instance is gone."""
        net = self._nets.pop(name, None)
        if net is not None:
            os.close(net)
            self._probes.keep(self._nets)
            self._tell(Forget(name))

    async def close(self) -> None:
        """End the keeper, let all networks go."""
        if self._restart is not None:
            self._restart.cancel()
        if self._restarting is not None:
            self._restarting.cancel()
        if self._questions is not None:
            self._questions.close()
            self._questions = None
        self._probes.keep(())
        for sockets in self._gates.values():
            sockets.close()
        for descriptor in (*self._nets.values(), *((self.user,) if self.user is not None else ())):
            os.close(descriptor)
        self._nets.clear()
        deadline = self._loop.time() + CLOSE_SECONDS
        while not self._offspring.reaped():
            if self._loop.time() > deadline:
                self._offspring.kill()
            await asyncio.sleep(REAP_SECONDS)

    # --- the keeper -------------------------------------------------------------------------------

    async def _begun(self) -> None:
        async with self._beginning:
            if self._questions is None:
                await self._begin()

    async def _begin(self) -> None:
        self._offspring.reaped()
        try:
            ours = self._offspring.start()
        except OSError as error:
            raise ServiceError(f"the keeper of networks cannot be started: {error.strerror}") from error
        questions = Questions(self._loop, ours, self._lost)
        try:
            answer, descriptor = await questions.ask(Begin(joins=self.user is not None), self.user)[0]
        except BaseException as error:
            questions.close()
            if isinstance(error, OSError):
                raise impossible(str(error), refusal()) from error
            raise
        if not answer.bare:
            self.user = descriptor
        for net, known in self._nets.items():
            questions.tell(Known(net), known)
        self._questions = questions
        self._fleet.reach_pods_by(self._attach)
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._attach(theirs)
        self._probes.connect(mine)

    def _attach(self, sock: socket.socket) -> None:
        """Let somebody else ask, too."""
        if self._questions is not None:
            self._questions.tell(Client(), sock.fileno())

    def _lost(self) -> None:
        self._questions = None
        self._offspring.kill()
        self._failures += 1
        self._report("the keeper of the pods' networks ended; it is started again")
        self._restart = self._loop.call_later(RESTART.delay(self._failures, 0.0), self._start_again)

    def _start_again(self) -> None:
        if not self._offspring.reaped():
            self._restart = self._loop.call_later(REAP_SECONDS, self._start_again)
        else:
            self._restarting = self._loop.create_task(self._again(), name="keeper of networks")

    async def _again(self) -> None:
        try:
            await self._begun()
        except ServiceError as error:
            self._report(f"{error.message}: new connections to pods fail")

    # --- asking -----------------------------------------------------------------------------------

    def _tell(self, question: Question) -> None:
        if self._questions is not None:
            self._questions.tell(question)

    def _asked(self, question: Question, *, answers: int = 1) -> list[asyncio.Future[tuple[Made, int]]]:
        if self._questions is None:
            raise ServiceError("the keeper of networks has ended; it is started again")
        return self._questions.ask(question, answers=answers)

    async def _made(self, question: Question) -> int:
        return await _descriptor(self._asked(question)[0])


def impossible(reason: str, way_out: str = "") -> ServiceError:
    """Why pods cannot be had here, and what to do."""
    hint = f'{way_out or "`meshdev doctor` tells what is missing"}; or write names = "hosts" or "env"'
    return ServiceError(f'names = "pod" is not possible here: {reason}', hint=hint)


async def _descriptor(answer: "asyncio.Future[tuple[Made, int]]") -> int:
    try:
        return (await answer)[1]
    except OSError as error:
        raise ServiceError(f"no network of its own: {error}") from error


def _gate(caller: str) -> str:
    return f"{caller} (gate)"
